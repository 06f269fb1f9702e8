import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../kernel/errors.js';
import { entityTagOf, IfMatch } from './if-match.js';

const EPOCH = '9c1f03ab55d2';
const held = (header: string | undefined) => () => new IfMatch(header, EPOCH).allow(['changed'], 1042, 'the switch');
const changed = expect.objectContaining({ code: 'changed-meanwhile', status: 412 });

describe('the header If-Match', () => {
  it.each([
    ['absent', undefined],
    ['any version', '*'],
    ['the current one', entityTagOf(1042, EPOCH)],
    ['among others', `"another", ${entityTagOf(1042, EPOCH)}`],
  ])('is met if it is %s', (_, header) => expect(held(header)).not.toThrow());

  it.each([
    ['of an earlier event', entityTagOf(7, EPOCH)],
    ['of another epoch', entityTagOf(1042, '000000000000')],
    ['weak', `W/${entityTagOf(1042, EPOCH)}`],
    ['empty', '""'],
  ])('is not met if its tag is %s', (_, header) => expect(held(header)).toThrow(changed));

  it('is met by a change that was made already', () => {
    expect(new IfMatch(entityTagOf(7, EPOCH), EPOCH).allow([], 1042, 'the switch')).toEqual([]);
  });

  it.each(['', '1042', `${EPOCH}-1042`, '"a" "b"', '"a",', '"\u0000"'])('is refused as %j', (header) => {
    expect(held(header)).toThrow(InvalidInput);
  });
});
