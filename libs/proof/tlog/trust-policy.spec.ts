import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seedOf } from '../../../test/support/small-log.js';
import { cosignatureLine, noteSigner, openNote, signNote, verifierText } from './signed-note.js';
import { InvalidPolicy, parsePolicy } from './trust-policy.js';

const names = ['x1', 'x2', 'x3', 'y1', 'y2', 'y3'];
const keys = new Map(names.map((name) => [name, noteSigner(`${name}.example`, seedOf(name), 'witness')]));
const witness = (name: string) => `witness ${name} ${verifierText(keys.get(name)!)}`;
const log = verifierText(noteSigner('log.example', seedOf('log')));

const EXAMPLE = [
  `log ${log}`,
  ...names.map(witness),
  'group X-witnesses 2 x1 x2 x3',
  'group Y-witnesses any y1 y2 y3',
  'group X-and-Y all X-witnesses Y-witnesses',
  'quorum X-and-Y',
].join('\n');

describe('a policy of trust', () => {
  it('is met by exactly the witnesses that the example of C2SP asks for', () => {
    const policy = parsePolicy(EXAMPLE);
    fc.assert(
      fc.property(fc.subarray(names), (signed) => {
        const met = signed.filter((name) => name < 'y').length >= 2 && signed.some((name) => name > 'y');
        expect(policy.isMet(policy.witnesses.filter(({ name }) => signed.includes(name)).map(({ key }) => key))).toBe(
          met,
        );
      }),
    );
  });

  it('may have groups within one another as deeply as it has lines', () => {
    const groups = Array.from({ length: 9_000 }, (_, n) => `group g${n} all ${n === 0 ? 'x1' : `g${n - 1}`}`);
    const policy = parsePolicy([witness('x1'), ...groups, 'quorum g8999'].join('\n'));
    expect([policy.isMet([]), policy.isMet([policy.witnesses[0]!.key])]).toEqual([false, true]);
  });

  it('may ask for no witness, for one, or have no log', () => {
    expect(parsePolicy('quorum none').isMet([])).toBe(true);
    const one = parsePolicy(`${witness('x1')} https://x1.example/\nquorum x1\n`);
    expect([one.isMet([]), one.isMet([one.witnesses[0]!.key]), one.witnesses[0]!.url]).toEqual([
      false,
      true,
      'https://x1.example/',
    ]);
  });

  it.each([
    ['', 'none says the quorum'],
    ['quorum none\nquorum none', 'a second time'],
    ['quorum x1', 'no witness and no group'],
    [`quorum x1\n${witness('x1')}`, 'no witness and no group'],
    [`${witness('x1')}\n${witness('x1')}\nquorum x1`, 'a key a second time'],
    [`log ${log}\nlog ${log}\nquorum none`, 'a key a second time'],
    [`witness none ${witness('x1').slice(11)}\nquorum none`, 'defined already'],
    [`witness x1 ${log}\nquorum none`, 'no key of a witness'],
    [`log ${witness('x1').slice(11)}\nquorum none`, 'no key of a log'],
    [`${witness('x1')}\ngroup g 2 x1\nquorum g`, 'nor from 1 to 1'],
    [`${witness('x1')}\ngroup g 0 x1\nquorum g`, 'nor from 1 to 1'],
    [`${witness('x1')}\ngroup g all\nquorum g`, 'no members'],
    [`${witness('x1')}\ngroup g all x1 x1\nquorum g`, 'a member already'],
    [`${witness('x1')}\ngroup g all x1\ngroup h all x1\nquorum h`, 'a member already'],
    ['group g all none\nquorum g', 'no line before it defines'],
    ['quorum\u00a0none', 'begins with none of'],
    ['quorum none\r\n', 'not the text'],
  ])('is refused if it is %j', (text, reason) => {
    expect(() => parsePolicy(text)).toThrow(InvalidPolicy);
    expect(() => parsePolicy(text)).toThrow(reason);
  });
});

describe('a cosignature', () => {
  const signer = noteSigner('log.example', seedOf('log'));
  const text = 'log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
  const cosigner = keys.get('x1')!;

  it('opens a note with its time, and only with a key of a witness', () => {
    const note = signNote(text, [signer]) + cosignatureLine(text, cosigner, 1_652_961_600);
    const { keys: signed, times } = openNote(note, [signer, cosigner]);
    expect(signed.map(({ name }) => name)).toEqual(['log.example', 'x1.example']);
    expect(times.get(cosigner)).toBe(1_652_961_600);
    const asLog = noteSigner('x1.example', seedOf('x1'));
    expect(openNote(note, [signer, asLog]).keys).toEqual([signer]);
  });

  it('is refused with another time, another text, or a time that is none', () => {
    const line = cosignatureLine(text, cosigner, 1_652_961_600);
    const later = cosignatureLine(text, cosigner, 1_652_961_601);
    const spliced = Buffer.from(later.split(' ')[2]!, 'base64');
    Buffer.from(line.split(' ')[2]!, 'base64').copy(spliced, 12, 12);
    const forged = `— x1.example ${spliced.toString('base64')}\n`;
    expect(() => openNote(`${text}\n${forged}`, [cosigner])).toThrow('wrong signature');
    expect(() => openNote(`${text.replace('\n0\n', '\n1\n')}\n${line}`, [cosigner])).toThrow('wrong signature');
    const never = cosignatureLine(text, cosigner, Number.MAX_SAFE_INTEGER);
    expect(() => openNote(`${text}\n${never}`, [cosigner])).toThrow('wrong signature');
  });
});
