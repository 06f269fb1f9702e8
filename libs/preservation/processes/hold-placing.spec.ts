import { expect, it } from '@jest/globals';
import { recordedOf } from '../../../test/support/fold-view.js';
import type { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import { isEntityId } from '../../kernel/text-forms.js';
import { ReviewConfirmed } from '../../review/index.js';
import { holdPlacing } from './hold-placing.js';

it('keeps no account waiting for a case of the same name that names none', () => {
  const { key, formerKey } = holdPlacing({} as Transactor, systemClock);
  const ofAccount = recordedOf(1, ReviewConfirmed, { accountId: 'same-name', caseId: 'img-1' });
  const ofNobody = recordedOf(2, ReviewConfirmed, { accountId: undefined, caseId: 'same-name' });
  expect(key(ofAccount)).toBe('same-name');
  expect(isEntityId(key(ofNobody))).toBe(false);
  // Under which an earlier release may have parked it.
  expect(formerKey!(ofNobody)).toBe('same-name');
});
