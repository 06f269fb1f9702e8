import { type NoteKey, parseVerifier } from './signed-note.js';

/* C2SP tlog-policy: whose signatures make a checkpoint one that can be trusted. */

export interface PolicyLog {
  key: NoteKey;
  url?: string;
}

export interface PolicyWitness {
  /** Its name in the policy, which is not that of its key. */
  name: string;
  key: NoteKey;
  url?: string;
}

export interface TrustPolicy {
  logs: readonly PolicyLog[];
  witnesses: readonly PolicyWitness[];
  /** The name of the witness or group that has to sign; `none`. */
  quorum: string;
  /** Whether the witnesses whose keys signed are enough. */
  isMet(signed: readonly NoteKey[]): boolean;
}

/** The text is no policy. */
export class InvalidPolicy extends Error {
  constructor(line: number, reason: string) {
    super(`line ${line} of the policy ${reason}`);
    this.name = new.target.name;
  }
}

const NONE = 'none';
const MAX_LINES = 10_000;
const BLANK = /[ \t]+/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: tab and line end are the only ones that a policy has
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/;
const NUMBER = /^[1-9]\d{0,4}$/;

/** Whether a witness or group has signed, of which all that is defined before it is known. */
type Met = (signed: ReadonlySet<NoteKey>, known: ReadonlyMap<string, boolean>) => boolean;

/** @throws InvalidPolicy */
export function parsePolicy(text: string): TrustPolicy {
  const lines = text.split('\n');
  if (CONTROL.test(text) || lines.length > MAX_LINES) throw new InvalidPolicy(1, 'is not the text of one');
  const parser = new PolicyParser();
  for (const [n, line] of lines.entries()) {
    const words = line.split(BLANK).filter((word) => word !== '');
    if (words.length > 0 && !words[0]!.startsWith('#')) parser.read(n + 1, words);
  }
  return parser.end(lines.length);
}

/** A policy that trusts these logs and asks for no witness. */
export const logsOnly = (keys: readonly NoteKey[]): TrustPolicy => ({
  logs: keys.map((key) => ({ key })),
  witnesses: [],
  quorum: NONE,
  isMet: () => true,
});

class PolicyParser {
  private readonly logs: PolicyLog[] = [];
  private readonly witnesses: PolicyWitness[] = [];
  private readonly met = new Map<string, Met>();
  private readonly used = new Set<string>();
  private quorum: string | undefined;

  read(line: number, [keyword, ...words]: string[]): void {
    if (keyword === 'log') this.readLog(line, words);
    else if (keyword === 'witness') this.readWitness(line, words);
    else if (keyword === 'group') this.readGroup(line, words);
    else if (keyword === 'quorum') this.readQuorum(line, words);
    else throw new InvalidPolicy(line, 'begins with none of log, witness, group and quorum');
  }

  end(line: number): TrustPolicy {
    const { logs, witnesses, quorum } = this;
    if (quorum === undefined) throw new InvalidPolicy(line, 'is the last, but none says the quorum');
    return { logs, witnesses, quorum, isMet: (signed) => quorum === NONE || this.known(signed).get(quorum)! };
  }

  /** In the order of the lines, as groups may be within one another more deeply than calls can be. */
  private known(signed: readonly NoteKey[]): ReadonlyMap<string, boolean> {
    const keys = new Set(signed);
    const known = new Map<string, boolean>();
    for (const [name, isMet] of this.met) known.set(name, isMet(keys, known));
    return known;
  }

  private readLog(line: number, [verifier = '', url, ...more]: string[]): void {
    const key = parseVerifier(verifier);
    if (!key || more.length > 0) throw new InvalidPolicy(line, 'has no key of a log: write log KEY [URL]');
    this.refuseTwice(line, this.logs, key);
    this.logs.push({ key, ...(url !== undefined && { url }) });
  }

  private readWitness(line: number, [name = '', verifier = '', url, ...more]: string[]): void {
    const key = parseVerifier(verifier, 'witness');
    if (!key || more.length > 0) throw new InvalidPolicy(line, 'has no key of a witness: write witness NAME KEY [URL]');
    this.refuseTwice(line, this.witnesses, key);
    this.define(line, name, (signed) => signed.has(key));
    this.witnesses.push({ name, key, ...(url !== undefined && { url }) });
  }

  private readGroup(line: number, [name = '', needed = '', ...members]: string[]): void {
    if (members.length === 0) throw new InvalidPolicy(line, 'has no members: write group NAME all|any|NUMBER NAME...');
    for (const member of members) this.useOnce(line, member);
    const least = needed === 'all' ? members.length : needed === 'any' ? 1 : NUMBER.test(needed) ? Number(needed) : 0;
    if (least < 1 || least > members.length)
      throw new InvalidPolicy(line, `has ${needed}, which is neither all nor any nor from 1 to ${members.length}`);
    this.define(line, name, (_, known) => members.filter((member) => known.get(member)).length >= least);
  }

  private readQuorum(line: number, [name = '', ...more]: string[]): void {
    if (this.quorum !== undefined) throw new InvalidPolicy(line, 'says the quorum a second time');
    if (more.length > 0 || (name !== NONE && !this.met.has(name)))
      throw new InvalidPolicy(line, 'names no witness and no group of a line before it');
    this.quorum = name;
  }

  private define(line: number, name: string, met: Met): void {
    if (name === NONE || this.met.has(name)) throw new InvalidPolicy(line, `defines ${name}, which is defined already`);
    this.met.set(name, met);
  }

  /** A name that is a member twice would count twice. */
  private useOnce(line: number, name: string): void {
    if (!this.met.has(name)) throw new InvalidPolicy(line, `has ${name}, which no line before it defines`);
    if (this.used.has(name)) throw new InvalidPolicy(line, `has ${name}, which is a member already`);
    this.used.add(name);
  }

  private refuseTwice(line: number, known: readonly { key: NoteKey }[], key: NoteKey): void {
    if (known.some((one) => one.key.raw.equals(key.raw))) throw new InvalidPolicy(line, 'has a key a second time');
  }
}
