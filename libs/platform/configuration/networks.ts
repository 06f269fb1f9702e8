import { BlockList, isIP } from 'node:net';

const NETWORK = /^([^/]+)(?:\/(\d{1,3}))?$/;

/** Addresses and networks of addresses. */
export class Networks {
  private readonly list = new BlockList();

  private constructor(readonly texts: readonly string[]) {
    for (const text of texts) {
      const [, address = '', prefix] = NETWORK.exec(text) ?? [];
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.list.addAddress(address, family);
      else this.list.addSubnet(address, Number(prefix), family);
    }
  }

  static readonly none = new Networks([]);

  /** @param texts each an address, or a network like 10.0.0.0/8; undefined if one is neither */
  static of(texts: readonly string[]): Networks | undefined {
    try {
      return new Networks(texts);
    } catch {
      return undefined;
    }
  }

  get isEmpty(): boolean {
    return this.texts.length === 0;
  }

  /** An IPv4 address in IPv6 form is the same address. */
  has(address: string | undefined): boolean {
    const version = this.isEmpty || address === undefined ? 0 : isIP(address);
    return version !== 0 && this.list.check(address!, version === 6 ? 'ipv6' : 'ipv4');
  }
}
