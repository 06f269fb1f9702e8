import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type PersonalText, readPersonal } from '../../event-store/read-personal.js';
import { isOf } from '../../events/event-definition.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { accountStream } from '../account-standing.js';
import { AddressChanged, WaitlistJoined } from '../events.js';

/** How to write to the holder of an account. */
export interface Contact {
  accountId: string;
  email: string;
  /** As the person gave it; null if they did not. */
  locale: string | null;
}

export interface Contacts {
  contacts: Contact[];
  /** Accounts whose holders are not to be written to, or can't be. */
  withheld: { accountId: string; why: 'deactivated' | 'unreadable' | 'erased' | 'no-address' }[];
}

export type Holder = Contact | Contacts['withheld'][number];

/** Decrypts addresses. Who asks for them records who reads them. */
@Injectable()
export class AddressBook {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
  ) {}

  /** The contacts of accounts, in their order. */
  async contactsOf(accounts: readonly string[]): Promise<Contacts> {
    const found = await Promise.all(accounts.map((accountId) => this.contactOf(accountId)));
    return {
      contacts: found.filter((one) => 'email' in one),
      withheld: found.filter((one) => 'why' in one),
    };
  }

  /**
   * How to write to the holder of one account, whatever its status: the holder of a deactivated one has to learn of it. The
   * address is for a message to that person, and nobody else is to see it.
   */
  async holderOf(accountId: string): Promise<Holder> {
    return (await this.read(accountId)).holder;
  }

  private async contactOf(accountId: string): Promise<Holder> {
    const { deactivated, holder } = await this.read(accountId);
    return deactivated ? { accountId, why: 'deactivated' } : holder;
  }

  private async read(accountId: string): Promise<{ deactivated: boolean; holder: Holder }> {
    const events = await this.store.readStream(`${accountStream.category}-${accountId}`);
    const { deactivated, unreadable } = foldRecorded(accountStream, events);
    return { deactivated, holder: await this.holderIn(accountId, events, unreadable !== undefined) };
  }

  private async holderIn(accountId: string, events: readonly RecordedEvent[], isUnreadable: boolean): Promise<Holder> {
    // The event may have deactivated the account, or changed its address.
    if (isUnreadable) return { accountId, why: 'unreadable' };
    const { text, isErased } = await addressIn(this.keys, events);
    if (text === null) return { accountId, why: isErased ? 'erased' : 'no-address' };
    const joined = events.findLast((event) => isOf(WaitlistJoined, event));
    return { accountId, email: text, locale: (joined?.data.locale as string | undefined) ?? null };
  }
}

/** Every address that an account had and that can be read. */
export async function addressesOf(
  store: Pick<EventStore, 'readStream'>,
  keys: PersonKeys,
  accountId: string,
): Promise<string[]> {
  const events = await store.readStream(`${accountStream.category}-${accountId}`);
  const texts = await Promise.all(
    events.map(async (event) => {
      if (isOf(WaitlistJoined, event)) return readPersonal(keys, event, WaitlistJoined, 'email');
      return isOf(AddressChanged, event) ? readPersonal(keys, event, AddressChanged, 'email') : undefined;
    }),
  );
  return texts.flatMap((one) => one?.text ?? []);
}

/** The address that an account's events give it last. */
export async function addressIn(keys: PersonKeys, events: readonly RecordedEvent[]): Promise<PersonalText> {
  const last = events.findLast((event) => isOf(WaitlistJoined, event) || isOf(AddressChanged, event));
  if (!last) return { text: null, isErased: false };
  return readPersonal(keys, last, last.type === AddressChanged.type ? AddressChanged : WaitlistJoined, 'email');
}
