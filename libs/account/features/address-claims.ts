import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type Loaded, type Seen, type Transacted, Transactor } from '../../event-store/transact.js';
import { type CommandContext, traceOf } from '../../kernel/command-context.js';
import { GatehouseError, InvalidInput, Refusal, Unavailable } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { Turns } from '../../kernel/turns.js';
import { pause } from '../../kernel/wait.js';
import { AddressHashes } from '../../platform/personal-data/address-hashes.js';
import { InvalidAddress, type Mailbox, mailboxOf } from '../../platform/personal-data/mailbox.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE, IDS } from '../../platform/ports.js';
import type { AddressDecision, AddressHolder } from '../account-address.js';
import type { AccountEvent, PersonEvent } from '../events.js';
import {
  adoptAddress,
  claimant,
  confirmAddress,
  isReservedBy,
  type Person,
  personStream,
  type Reservation,
  releaseAddress,
  reserveAddress,
} from '../person.js';
import { type CountedHolder, countedHolder } from './counted-holder.js';
import { FormerAddresses } from './former-addresses.js';

export interface AddressCommand<Facts = undefined> {
  email: string;
  /** Without one: the account that has the address, or a new one. */
  accountId?: string;
  context: CommandContext;
  /** Reads what the decision needs from elsewhere, after the command has begun, once for each attempt. */
  gather?: () => Promise<Facts>;
}

export interface AddressDecided extends Transacted<AddressHolder> {
  accountId: string;
}

interface Claim {
  accountId: string;
  /** The account's address as an earlier version hashed it. */
  formerHash?: string | undefined;
}

/** An address as a command found it. */
interface Claimed {
  /** Undefined if it is free. */
  claim?: Claim | undefined;
  person: Loaded<Person>;
}

interface Found extends Claimed {
  accountId: string;
  account: Loaded<CountedHolder>;
}

/** The account changed between the reservation and the decision. */
class Moved extends Error {}

const ATTEMPTS = 50;
/** How long another command may take from its reservation to its decision before it has to restart. */
const PATIENCE_MS = 1_000;
const POLL_MS = 20;

/**
 * Decides commands that give an account an address. An address and an account are two streams, which no append writes
 * together. So a command reserves the address, lets the account decide, and then confirms or releases the reservation.
 * What the account's stream says counts: anyone who finds a reservation can settle it, because an account that has another
 * event than the reservation expects can't use it any more.
 */
@Injectable()
export class AddressClaims {
  protected readonly patienceMs: number = PATIENCE_MS;
  private readonly former: FormerAddresses;
  /** Commands of this process on one account, or on one address, don't compete with one another. */
  private readonly turns = new Turns();

  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) store: EventStore,
    @Inject(AddressHashes) private readonly hashes: AddressHashes,
    @Inject(PersonKeys) keys: PersonKeys,
    @Inject(IDS) private readonly ids: Ids,
  ) {
    this.former = new FormerAddresses(store, hashes, keys);
  }

  /**
   * @param decide pure: it is called several times
   * @throws InvalidInput for no address; Refusal address-taken; Unavailable too-busy; whatever `decide` throws
   */
  async decide<Facts = undefined>(
    command: AddressCommand<Facts>,
    decide: (accountId: string, emailHash: string, facts: Facts) => AddressDecision,
  ): Promise<AddressDecided> {
    const mailbox = readMailbox(command.email);
    const hash = this.hashes.of(mailbox);
    return this.turns.take(command.accountId ?? hash, () => this.decideInTurn(mailbox, hash, command, decide));
  }

  private async decideInTurn<Facts>(
    mailbox: Mailbox,
    hash: string,
    { accountId: wanted, context, gather }: AddressCommand<Facts>,
    decide: (accountId: string, emailHash: string, facts: Facts) => AddressDecision,
  ): Promise<AddressDecided> {
    const fresh = wanted ?? this.ids.next();
    const by = inTraceOf(context);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // Read together, in one query. Each append proves that what it was decided on has not changed since.
      const [found, gathered] = await Promise.all([this.found(mailbox, hash, wanted, fresh), gather?.()]);
      const { claim, person, accountId } = found;
      const { state: holder, seen } = found.account;
      const facts = gathered as Facts;
      /** An address that an earlier version hashed is held, too. */
      const held = new Set([hash, claim?.accountId === accountId ? claim.formerHash : undefined]);
      const isHeld = ({ address }: AddressHolder) => address !== undefined && held.has(address);
      const decideNow = (state: AddressHolder, facts: Facts): AccountEvent[] => {
        if (claim && claim.accountId !== accountId) throw taken(accountId);
        return decide(accountId, hash, facts)(state, isHeld(state));
      };
      const reservation = { accountId, after: holder.events };
      const isToReserve = !isHeld(holder) && wouldAppend(() => decideNow(holder, facts));
      const reserved = isToReserve ? await this.reserve(hash, reservation, by, person.seen) : undefined;
      if (isToReserve && !reserved) continue;
      try {
        const decideOn = (state: CountedHolder, facts: Facts): AccountEvent[] => {
          const events = decideNow(state, facts);
          const mayAppend = isHeld(state) || (reserved && state.events === holder.events);
          if (events.length > 0 && !mayAppend) throw new Moved();
          return events;
        };
        const gatherLater = gather && startingWith(facts, gather);
        const decided = await this.transactor.transact(countedHolder, accountId, context, decideOn, gatherLater, seen);
        if (reserved) await this.settleOwn(hash, reservation, decided, reserved.seen, by);
        await this.settleFormer(decided, holder, by);
        return { ...decided, accountId };
      } catch (error) {
        const isDecided = error instanceof Moved || error instanceof GatehouseError;
        if (reserved && isDecided) await this.settle(hash, by);
        if (!(error instanceof Moved)) throw error;
      }
    }
    throw new Unavailable('too-busy', `the address changed hands ${ATTEMPTS} times during this command: retry it`);
  }

  /** The address, and the account that is to have it. */
  private async found(mailbox: Mailbox, hash: string, wanted: string | undefined, fresh: string): Promise<Found> {
    const likely = wanted ?? fresh;
    const [{ claim, person }, account] = await Promise.all([
      this.claimOn(mailbox, hash, wanted),
      this.transactor.load(countedHolder, likely),
    ]);
    const accountId = wanted ?? claim?.accountId ?? fresh;
    if (accountId === likely) return { claim, person, accountId, account };
    return { claim, person, accountId, account: await this.transactor.load(countedHolder, accountId) };
  }

  /** Settles a reservation; if its command may still decide, waits for that a moment. */
  async settleInTime(hash: string): Promise<void> {
    const deadline = performance.now() + this.patienceMs;
    while (performance.now() < deadline) {
      const { state } = await this.transactor.load(personStream, hash);
      if (!state.reserved) return;
      if (!(await this.mayStillDecide(state.reserved))) break;
      await pause(POLL_MS);
    }
    await this.settle(hash);
  }

  /** Frees the address unless its account has it. A command that reserved it and has not decided restarts. */
  async settle(hash: string, by: CommandContext = OWN): Promise<void> {
    for (;;) {
      const { state: person } = await this.transactor.load(personStream, hash);
      const accountId = claimant(person);
      if (accountId === undefined) return;
      const { state: holder } = await this.transactor.load(countedHolder, accountId);
      const { reserved } = person;
      if (holder.address === hash || (await this.former.isOf(accountId, hash))) {
        if (reserved) await this.write(hash, by, (state) => confirmAddress(state, reserved));
        return;
      }
      if (!reserved || holder.events > reserved.after) {
        await this.write(hash, by, (state) => releaseAddress(state, person));
        return;
      }
      await this.forestall(reserved);
    }
  }

  /** As `settle`, without reading again what this command has just stored. */
  private async settleOwn(
    hash: string,
    reservation: Reservation,
    { events, state }: Transacted<AddressHolder>,
    seen: Seen<Person> | undefined,
    by: CommandContext,
  ): Promise<void> {
    if (events.length === 0 || state.address !== hash) return this.settle(hash, by);
    await this.write(hash, by, (person) => confirmAddress(person, reservation), seen);
  }

  /** Frees the address that the account had before. */
  private async settleFormer(
    { events, state }: Transacted<AddressHolder>,
    { address }: AddressHolder,
    by: CommandContext,
  ): Promise<void> {
    if (events.length > 0 && address !== undefined && address !== state.address) await this.settle(address, by);
  }

  /**
   * Who has the address, or reserved it. A reservation that the command can't share is settled first: one for another
   * account than the wanted one, or for an account that may be somebody else's.
   */
  private async claimOn(mailbox: Mailbox, hash: string, wanted: string | undefined): Promise<Claimed> {
    for (;;) {
      const person = await this.transactor.load(personStream, hash);
      const { reserved } = person.state;
      const accountId = claimant(person.state);
      if (accountId === undefined) {
        if (!(await this.adoptFormer(mailbox, hash))) return { person };
        continue;
      }
      if (reserved) {
        const isNew = reserved.after === 0;
        if (wanted === accountId || (wanted === undefined && isNew)) return { claim: { accountId }, person };
        await this.settleInTime(hash);
        continue;
      }
      const { state: holder } = await this.transactor.load(countedHolder, accountId);
      if (holder.address === hash) return { claim: { accountId }, person };
      if (await this.former.isOf(accountId, hash)) {
        return { claim: { accountId, formerHash: holder.address }, person };
      }
      await this.settle(hash);
    }
  }

  /** @returns undefined if the address is not free */
  private async reserve(
    hash: string,
    reservation: Reservation,
    by: CommandContext,
    seen: Seen<Person>,
  ): Promise<Transacted<Person> | undefined> {
    const done = await this.write(hash, by, (person) => reserveAddress(person, reservation), seen);
    return isReservedBy(done.state, reservation) ? done : undefined;
  }

  private async mayStillDecide({ accountId, after }: Reservation): Promise<boolean> {
    return (await this.transactor.load(countedHolder, accountId)).state.events <= after;
  }

  /** Gives the account an event without effect, so that the command that expects none can't decide any more. */
  private async forestall({ accountId, after }: Reservation): Promise<void> {
    const context = { ...OWN, eventId: this.ids.next() };
    try {
      await this.transactor.transact(countedHolder, accountId, context, ({ events }) => {
        if (events > after) throw new Moved();
        return [];
      });
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
    }
  }

  /** Registers the account that an earlier version registered for this mailbox. */
  private async adoptFormer(mailbox: Mailbox, hash: string): Promise<boolean> {
    for (const accountId of await this.former.accountsOf(mailbox)) {
      if (!(await this.former.isOf(accountId, hash))) continue;
      await this.write(hash, OWN, (state) => adoptAddress(state, accountId));
      return true;
    }
    return false;
  }

  private write(
    hash: string,
    by: CommandContext,
    decide: (state: Person) => readonly PersonEvent[],
    seen?: Seen<Person>,
  ) {
    return this.transactor.transact(personStream, hash, by, decide, undefined, seen);
  }
}

const OWN: CommandContext = { actor: { kind: 'process', id: 'addresses' }, correlationid: 'addresses' };

/** Without the identity of the command, which belongs to the account's event. */
const inTraceOf = ({ actor, correlationid, ...trace }: CommandContext): CommandContext => ({
  actor,
  correlationid,
  ...traceOf(trace),
});

function readMailbox(email: string): Mailbox {
  try {
    return mailboxOf(email);
  } catch (error) {
    if (!(error instanceof InvalidAddress)) throw error;
    throw new InvalidInput([{ field: '/email', message: error.message }]);
  }
}

/** Reads again only if the first facts were not enough: the stream changed meanwhile. */
function startingWith<Facts>(first: Facts, gather: () => Promise<Facts>): () => Promise<Facts> {
  let isFirst = true;
  return async () => {
    if (!isFirst) return gather();
    isFirst = false;
    return first;
  };
}

/** A refusal is left to the account's own stream, which may know the command already. */
function wouldAppend(decide: () => AccountEvent[]): boolean {
  try {
    return decide().length > 0;
  } catch {
    return false;
  }
}

const taken = (accountId: string) =>
  new Refusal(
    'address-taken',
    `the address belongs to another account than ${accountId}, and a person has one account: give another address`,
  );
