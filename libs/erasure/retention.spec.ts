import { expect, it } from '@jest/globals';
import { refuseMonth } from './retention.js';

it('allows months that are over, and refuses others by name', () => {
  for (const month of ['202001', '202112', '202204']) expect(refuseMonth(month, '202205')).toBeUndefined();
  for (const month of ['202205', '202206', '202213', '201912', '2022', 'may', ''])
    expect(() => refuseMonth(month, '202205')).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: '/through' })] }),
    );
});
