import { hash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkpointText, parseCheckpoint } from './checkpoint.js';
import { leafHash, nodeHash } from './merkle-tree.js';
import { openProof, parseProof, proofText } from './proof-file.js';
import {
  isKeyName,
  noteSigner,
  openNote,
  parseVerifier,
  signNote,
  UntrustedNote,
  verifierText,
} from './signed-note.js';

/** The example of golang.org/x/mod/sumdb/note. */
const NEUMANN = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=
`;

const seedOf = (name: string) => hash('sha256', name, 'buffer');
const signer = noteSigner('gatehouse.example/log', seedOf('one'));
const other = noteSigner('gatehouse.example/log', seedOf('two'));
const witness = noteSigner('witness.example', seedOf('three'));

describe('a signed note', () => {
  it('of Go opens with its key, whatever unknown signatures it has', () => {
    const key = parseVerifier(NEUMANN)!;
    expect(verifierText(key)).toBe(NEUMANN);
    expect(openNote(NOTE, [key])).toEqual({ text: TEXT, keys: [key], times: new Map() });
  });

  it('opens with any key that signed it, and names those that did', () => {
    const note = signNote('one\ntwo\n', [signer, witness]);
    expect(openNote(note, [other, witness]).keys.map(({ name }) => name)).toEqual(['witness.example']);
    expect(openNote(note, [signer, witness]).keys).toHaveLength(2);
    expect(() => openNote(note, [other])).toThrow(UntrustedNote);
    expect(() => openNote(note, [])).toThrow(UntrustedNote);
  });

  it('is refused if a trusted signature is wrong, even beside a right one', () => {
    const [of, by] = [signNote('one\n', [signer, witness]), signNote('two\n', [signer])];
    const forged = of.replace(/— gatehouse.*\n/, /— gatehouse.*\n/.exec(by)![0]);
    expect(() => openNote(forged, [signer, witness])).toThrow('wrong signature of gatehouse.example/log');
    expect(openNote(forged, [witness]).text).toBe('one\n');
  });

  it.each([
    ['without a blank line', 'text\n— a b\n'],
    ['without a signature', 'text\n\n'],
    ['with a control character', signNote('text\n', [signer]).replace('text', 'te\u0007xt')],
    ['with a carriage return', signNote('text\n', [signer]).replace('text', 'text\r')],
    ['without its last line end', signNote('text\n', [signer]).slice(0, -1)],
    ['with text after the signatures', `${signNote('text\n', [signer])}more\n`],
    ['with a signature in two lines', signNote('text\n', [signer]).replace(/.{8}\n$/, '\n$&')],
    [
      'with 101 signatures',
      signNote(
        'text\n',
        Array.from({ length: 101 }, () => signer),
      ),
    ],
    ['of more than a megabyte', signNote(`${'x'.repeat(1_000_000)}\n`, [signer])],
    ['with another spelling of the same bytes', signNote('text\n', [signer]).replace(/=\n$/, '\n')],
  ])('is refused %s', (_, note) => {
    expect(() => openNote(note, [signer])).toThrow(UntrustedNote);
  });

  it('opens only with exactly the text that was signed', () => {
    const note = signNote(checkpointText({ origin: signer.name, size: 7, root: leafHash(Buffer.of(1)) }), [signer]);
    const { text } = openNote(note, [signer]);
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }), (at, by) => {
        const changed = note.slice(0, at) + by + note.slice(at + 1);
        try {
          expect(openNote(changed, [signer]).text).toBe(text);
          expect(changed).toBe(note);
        } catch (error) {
          if (changed === note || !(error instanceof UntrustedNote)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is never opened out of noise', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '\n', '— ', ' ', '+', '=', 'QUJD', '\u0000', '\ud800') }),
        (note) => {
          expect(() => openNote(note, [signer])).toThrow(UntrustedNote);
        },
      ),
    );
  });
});

describe('a key of notes', () => {
  it('has no name with a space or a plus', () => {
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003b', 'a\nb', 'a\u0085b', '\ud800']) {
      expect(isKeyName(name)).toBe(false);
      expect(() => noteSigner(name, seedOf('one'))).toThrow(RangeError);
    }
  });

  it.each([
    NEUMANN.replace('c74f20a3', 'c74f20a4'),
    NEUMANN.replace('Peter', 'Paul'),
    NEUMANN.replace('ARpc', 'BRpc'),
    NEUMANN.slice(0, -1),
    `${NEUMANN}\n`,
    'PeterNeumann+c74f20a3',
    '',
  ])('is refused if it is %j', (text) => {
    expect(parseVerifier(text)).toBeUndefined();
  });
});

describe('a checkpoint', () => {
  it('is three lines, and any that follow are ignored', () => {
    const root = leafHash(Buffer.of(1));
    const text = checkpointText({ origin: 'a.example/log', size: 42, root });
    expect(text).toBe(`a.example/log\n42\n${root.toString('base64')}\n`);
    expect(parseCheckpoint(`${text}more\n`)).toEqual({ origin: 'a.example/log', size: 42, root });
  });

  it.each([
    '',
    'a\n1\n',
    'a\n01\nx\n',
    'a\n-1\nx\n',
    'a\n1e3\nx\n',
    'a\n9007199254740992\nx\n',
    'a\n1\nAAAA\n',
    '\n1\nx\n',
  ])('is none in %j', (text) => {
    const whole = text.replace('x', leafHash(Buffer.of(1)).toString('base64'));
    expect(parseCheckpoint(whole)).toBeUndefined();
  });
});

describe('a proof file', () => {
  const [entry, sibling] = [Buffer.alloc(32, 1), leafHash(Buffer.alloc(32, 2))];
  const root = nodeHash(leafHash(entry), sibling);
  const checkpoint = signNote(checkpointText({ origin: signer.name, size: 2, root }), [signer, witness]);
  const text = proofText({ index: 0, proof: [sibling], checkpoint, extra: Buffer.from('account-1') });

  it('has the form of C2SP and proves its entry', () => {
    expect(text).toBe(
      `c2sp.org/tlog-proof@v1\nextra YWNjb3VudC0x\nindex 0\n${sibling.toString('base64')}\n\n${checkpoint}`,
    );
    expect(parseProof(text)).toEqual({ index: 0, proof: [sibling], checkpoint, extra: Buffer.from('account-1') });
    expect(openProof(text, entry, [signer])).toEqual({ origin: signer.name, size: 2, root });
  });

  it('proves no other entry, no other place, and nothing to those who trust another log', () => {
    for (const attempt of [
      () => openProof(text, Buffer.alloc(32, 2), [signer]),
      () => openProof(text.replace('index 0', 'index 1'), entry, [signer]),
      () => openProof(text, entry, [other]),
      () => openProof(text, entry, [witness]),
      () => openProof('', entry, [signer]),
    ])
      expect(attempt).toThrow(UntrustedNote);
  });

  it('proves nothing once any part of it that is proven has changed', () => {
    const start = text.indexOf('index');
    fc.assert(
      fc.property(
        fc.integer({ min: start, max: text.length - 1 }),
        fc.string({ maxLength: 2, unit: 'binary' }),
        (at, by) => {
          const changed = text.slice(0, at) + by + text.slice(at + 1);
          // A signature that nobody trusts may change.
          fc.pre(changed !== text && at < text.indexOf('— witness'));
          expect(() => openProof(changed, entry, [signer])).toThrow(UntrustedNote);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is refused at once if it is huge', () => {
    expect(
      parseProof(`c2sp.org/tlog-proof@v1\nindex 0\n${`${sibling.toString('base64')}\n`.repeat(60_000)}\n${checkpoint}`),
    ).toBe(undefined);
    const many = `c2sp.org/tlog-proof@v1\nindex 0\n${`${sibling.toString('base64')}\n`.repeat(1_000)}\n${checkpoint}`;
    expect(parseProof(many)).toBeUndefined();
  });
});
