import { Controller, Get, Inject } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AccessReplica } from '../../access/index.js';
import { Catalogue } from '../../context/catalogue.js';
import type { EventStore } from '../../event-store/event-store.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import {
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { API_DESCRIPTION, type ApiDescription } from '../../http/openapi/api-description.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Quarantine } from '../../ingest/quarantine.js';
import { QUARANTINE_ROOM } from '../../ingest/quarantine-usage.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { Readiness } from '../../platform/health/readiness.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { livingProcesses, PROCESS_ROLES } from '../../platform/process/living-processes.js';
import { ProofStatus, ProofStatusAnswer } from '../../proof/index.js';
import { ListSwitches, SuspensionAnswer } from '../../switches/index.js';
import { logConsumers } from './log-consumers.js';
import { logProtection } from './log-protection.js';
import { missingRoles } from './missing-roles.js';

const eventFields = {
  position: position('Its position.'),
  type: text('Its type.'),
  key: text('Its key: later events of the same key wait.'),
};

export const StatusAnswer = closed({
  version: text('The version of Gatehouse.'),
  uptimeSeconds: count('Seconds since the process started.'),
  ready: flag('Whether this process can serve, and a process of every role lives that the deployment needs.'),
  checks: Type.Record(Type.String(), Type.String(), {
    description: 'Per check of `GET /health/ready`, and for `roles`: `ok`, or what is wrong.',
  }),
  processes: list(
    closed({
      roles: list(oneOf(PROCESS_ROLES, 'A role.'), 'Whose work it does.'),
      host: text('The name of its machine or container.'),
      pid: count('Its process id there.'),
      version: text('Its version of Gatehouse.'),
      startedAt: instant('When it became ready first.'),
      seenAt: instant('Its last heartbeat.'),
    }),
    'The living processes, in the order of their start: those with a heartbeat in the last 15 seconds.',
  ),
  head: position('The position of the last stored event.'),
  positionUnit: Type.Enum(['events', 'bytes'], {
    description: 'What positions, and thus `behind`, count: events, or bytes of the log of an EventStoreDB.',
  }),
  consumers: list(
    closed({
      name: text('The consumer.'),
      position: position('The position of its checkpoint.'),
      behind: count('How far it is behind the head, in `positionUnit`.'),
      parked: count('The number of keys that it has parked.'),
      finished: count('The number of events that a reactor has finished beyond the oldest unfinished one.'),
      working: flag(
        'Whether a reactor is processing its oldest unfinished event, which has not failed, or retries a parked key.',
      ),
      workingOn: Type.Optional(
        closed(
          { ...eventFields, since: instant('When its processing began.') },
          'The event that a reactor has been processing for longest, without a failure.',
        ),
      ),
      retrying: Type.Optional(
        closed(
          {
            ...eventFields,
            failures: count('How often it has failed.'),
            since: instant('When it failed first.'),
          },
          'The oldest event that a reactor retries.',
        ),
      ),
    }),
    'The consumers of the log.',
  ),
  access: closed({
    position: position('The log position that access decisions include.'),
    ageMs: count('The maximum age of that state, in milliseconds.'),
  }),
  switches: list(SuspensionAnswer, 'The actions that operators have suspended, as they are stored.'),
  quarantine: Type.Record(Type.String(), Type.Number(), {
    description: 'The number of events in quarantine, by reason.',
  }),
  quarantineRoom: oneOf(
    QUARANTINE_ROOM,
    'Whether quarantine keeps rejected events: not those of some sources or senders, or none, once their room is used up. Replay or discard entries.',
  ),
  logProtection: closed({
    protected: flag('Whether the database refuses this process to change or delete a stored event.'),
    detail: text('Why, in one sentence.'),
  }),
  proof: ProofStatusAnswer,
  keyStore: closed({
    epoch: count('One more after each change of it: an erasure, retention, a rotation of the root key.'),
    rootKeySince: orNull(instant('Since when its root key is in use; null if an earlier version made the key store.')),
    rootKeyAgeDays: orNull(count('The age of the root key in whole days.')),
  }),
  memoryBytes: count('Resident memory of this process.'),
});
export type StatusAnswer = Static<typeof StatusAnswer>;

@Controller('v1/status')
export class ShowStatusController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(AccessReplica) private readonly replica: AccessReplica,
    @Inject(Catalogue) private readonly catalogue: Catalogue,
    @Inject(API_DESCRIPTION) private readonly api: ApiDescription,
    @Inject(Quarantine) private readonly quarantine: Quarantine,
    @Inject(QueryBus) private readonly queries: QueryBus,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(ProofStatus) private readonly proof: ProofStatus,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @AnyRole()
  @Operation(
    'Version, readiness, the living processes, the log’s head, the position of each consumer and of this process’s access replica, suspensions',
    {
      answer: answer('Status', 'The status.', StatusAnswer),
    },
  )
  async showStatus(): Promise<StatusAnswer> {
    const head = await this.store.head();
    const { progress, parked } = await logConsumers(this.pool, this.catalogue.views, this.settings);
    const living = await livingProcesses(this.pool);
    const missing = missingRoles(living, this.settings);
    const { ready, checks } = await this.readiness.report();
    return {
      version: this.api.version,
      uptimeSeconds: Math.floor(process.uptime()),
      ready: ready && missing.length === 0,
      checks: {
        ...checks,
        roles: missing.length === 0 ? 'ok' : `no ${missing.join(' and no ')} is running: start one`,
      },
      processes: living.map(({ startedAt, seenAt, keyEpoch: _, ...one }) => ({
        ...one,
        startedAt: startedAt.toISOString(),
        seenAt: seenAt.toISOString(),
      })),
      head: String(head),
      positionUnit: this.settings.eventstoreUrl ? 'bytes' : 'events',
      consumers: [...progress].map(([name, { position: reached, finished, isWorking, workingOn, retrying }]) => ({
        name,
        position: String(reached),
        behind: Math.max(0, head - reached),
        parked: parked.filter((one) => one.consumer === name).length,
        finished,
        working: isWorking,
        ...(workingOn && { workingOn: { ...workingOn, position: String(workingOn.position) } }),
        ...(retrying && { retrying: { ...retrying, position: String(retrying.position) } }),
      })),
      access: { position: String(this.replica.knownPosition), ageMs: Math.round(this.replica.ageMs) },
      switches: (await this.queries.execute(new ListSwitches())).items,
      quarantine: await this.quarantine.waiting(),
      quarantineRoom: await this.quarantine.room(),
      logProtection: await logProtection(this.pool, this.settings),
      proof: await this.proof.read(),
      keyStore: this.keyStore(),
      memoryBytes: process.memoryUsage.rss(),
    };
  }

  private keyStore(): StatusAnswer['keyStore'] {
    const { epoch, rootKey } = this.keys.store;
    const since = rootKey.since ?? null;
    const ageMs = since === null ? null : this.clock.now() - Date.parse(since);
    return {
      epoch,
      rootKeySince: since,
      rootKeyAgeDays: ageMs === null ? null : Math.max(0, Math.floor(ageMs / DAY_MS)),
    };
  }
}
