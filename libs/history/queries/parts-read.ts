import { pointerPart } from '../../kernel/json-changes.js';

export type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

export const isCollection = (value: unknown): value is Collection =>
  Array.isArray(value) || value instanceof Set || value instanceof Map;

/** The JSON Pointer of a value by the names on the way to it. */
export const pointerTo = (names: readonly string[]): string => names.map((name) => `/${pointerPart(name)}`).join('');

/** A value in a state that was read; without names the whole state. */
export interface PartRead {
  names: readonly string[];
  /** Undefined for a field that the state does not have. */
  value: unknown;
  /** Of a collection those that were read: places in a list, members of a set, keys of a map. */
  entries: Set<unknown>;
  /** Whether how many entries it has was read, or whether there are more. Of an object: which fields it has. */
  isSized: boolean;
}

/**
 * Which parts of one state were read. Whatever a function reads of the state must be among them, or an explanation would leave
 * out what a decision rested on.
 */
export class PartsRead {
  private readonly byPath = new Map<string, PartRead>();
  /** By path, so that a value that is read twice is the same. */
  private readonly noting = new Map<string, object>();

  get all(): readonly PartRead[] {
    const present = [...this.byPath].flatMap(([path, { value }]) => (value === undefined ? [] : [path]));
    // That an object is there follows from what it has.
    const isKnown = (path: string) => present.some((one) => one.startsWith(`${path}/`));
    const isImplied = (path: string, { value, isSized }: PartRead) => isObject(value) && !isSized && isKnown(path);
    return [...this.byPath].flatMap(([path, part]) => (isImplied(path, part) ? [] : [part]));
  }

  /** The state; what is read of it is noted. */
  of<State>(state: State): State {
    return (isObject(state) || isCollection(state) ? this.proxyOf(state, []) : this.read(state, [])) as State;
  }

  private read(value: unknown, names: readonly string[]): unknown {
    this.note(value, names);
    return isObject(value) || isCollection(value) ? this.proxyOf(value, names) : value;
  }

  private note(value: unknown, names: readonly string[]): PartRead {
    const path = pointerTo(names);
    const part = this.byPath.get(path) ?? { names, value, entries: new Set(), isSized: false };
    this.byPath.set(path, part);
    return part;
  }

  private proxyOf(value: object, names: readonly string[]): object {
    const path = pointerTo(names);
    const known = this.noting.get(path);
    if (known) return known;
    const proxy = isCollection(value)
      ? collectionNoting(value, () => this.note(value, names))
      : this.objectNoting(value as Fields, names);
    this.noting.set(path, proxy);
    return proxy;
  }

  private objectNoting(value: Fields, names: readonly string[]): object {
    const read = (name: string) => this.read(value[name], [...names, name]);
    const isField = (name: string | symbol) =>
      typeof name === 'string' && !(name in Object.prototype) && name !== 'then';
    // A copy, since a proxy of a frozen object may only give what that has.
    return new Proxy<object>(
      { ...value },
      {
        get: (fields, name) => (isField(name) ? read(name as string) : Reflect.get(fields, name)),
        has: (fields, name) => {
          if (isField(name)) read(name as string);
          return Reflect.has(fields, name);
        },
        ownKeys: (fields) => {
          this.note(value, names).isSized = true;
          return Reflect.ownKeys(fields);
        },
      },
    );
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Also one without a prototype. Others are read as a whole. */
export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

function collectionNoting(value: Collection, note: () => PartRead): object {
  if (Array.isArray(value)) return listNoting(value, note);
  const keyed = value as ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;
  const get = (name: string | symbol): unknown => {
    const found: unknown = Reflect.get(keyed, name, keyed);
    if (name === 'get' || name === 'has')
      return (key: unknown) => {
        note().entries.add(key);
        return (found as (key: unknown) => unknown).call(keyed, key);
      };
    const part = note();
    part.isSized = true;
    if (name !== 'size') for (const key of keyed.keys()) part.entries.add(key);
    return typeof found === 'function' ? (found.bind(keyed) as unknown) : found;
  };
  return new Proxy(keyed, { get: (_, name) => get(name) });
}

type Method = (this: unknown, ...given: unknown[]) => unknown;

function listNoting(list: readonly unknown[], note: () => PartRead): object {
  const readPlace = (place: number) => {
    const part = note();
    if (place < list.length) part.entries.add(place);
    // After the last one the reader knows that there are no more.
    if (place >= list.length - 1) part.isSized = true;
  };
  // A method reads the length and then the places that it needs: a search stops at what it has found.
  const searched = new Proxy(list, {
    get(_, name) {
      if (isPlace(name)) readPlace(Number(name));
      else if (list.length === 0) note().isSized = true;
      return Reflect.get(list, name) as unknown;
    },
  });
  return new Proxy(list, {
    get(_, name) {
      const found: unknown = Reflect.get(list, name);
      if (isPlace(name)) readPlace(Number(name));
      else if (name === 'length') note().isSized = true;
      return typeof found === 'function' ? (...given: unknown[]) => (found as Method).apply(searched, given) : found;
    },
  });
}

const isPlace = (name: string | symbol): boolean => typeof name === 'string' && /^\d+$/.test(name);
