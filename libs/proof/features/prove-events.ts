import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { AuditTrail } from '../../audit/index.js';
import { RequestCommand } from '../../context/decision.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { EventSchemas } from '../../events/event-schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsReason, Means } from '../../http/field-rules.js';
import { Operation, plain } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { JsonObject, Position, RecordedEvent } from '../../kernel/envelope.js';
import { NotFound, Unavailable } from '../../kernel/errors.js';
import { pause } from '../../kernel/wait.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { CLOCK, POOL, SETTINGS } from '../../platform/ports.js';
import { BUNDLE_FORMAT, BUNDLE_TYPE, type BundleSchema, MAX_BUNDLE_EVENTS } from '../evidence/bundle-format.js';
import { type WrittenBundle, writeBundle } from '../evidence/write-bundle.js';
import { originOf } from '../leaves/origin.js';
import { EVIDENCE_KINDS, type EvidenceKind, FindEvents } from '../queries/find-events.js';
import { ProofPolicy } from '../witnessing/proof-policy.js';

const POLL_MS = 100;

export interface Evidence {
  bundle: string;
  /** Of the event that records who got it. */
  position: Position;
}

export class ProveEvents extends RequestCommand<Evidence> {
  @IsEntityId(
    'The events to prove: one by its id or its position, or all of an account, an image, a case, an enforcement or an appeal by its id.',
  )
  id!: string;

  @IfGiven()
  @IsIn(EVIDENCE_KINDS)
  @Means('What the id is of; by default a position, an event, or each of the others that has this id.')
  kind?: EvidenceKind;

  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason!: string;
}

/** Gives out events with the proof that they are in the log. */
@CommandHandler(ProveEvents)
export class ProveEventsHandler implements ICommandHandler<ProveEvents> {
  constructor(
    @Inject(FindEvents) private readonly events: FindEvents,
    @Inject(ProofPolicy) private readonly trust: ProofPolicy,
    @Inject(EventSchemas) private readonly schemas: EventSchemas,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What can't be proved is not recorded as exported, and what can't be recorded is not given out. */
  async execute({ id, kind, reason, context }: ProveEvents): Promise<Evidence> {
    const events = await this.events.find(id, kind);
    if (events.length === 0)
      throw new NotFound('events-unknown', `the log has no events of ${kind ?? 'anything with the id'} ${id}`);
    const { text: bundle, checkpoint } = await this.signed(kind === undefined ? id : `${kind} ${id}`, events);
    const data = { entityId: id, events: events.length, checkpointSize: checkpoint.size, reason };
    const position = await this.audit.record({ type: 'EvidenceGiven', data }, context);
    return { bundle, position };
  }

  /** A checkpoint follows an event within a second. */
  private async signed(subject: string, events: RecordedEvent[]): Promise<WrittenBundle> {
    const origin = originOf(this.settings, this.epoch.current);
    const content = { events, subject, schemas: this.schemasOf(events), made: toIso(this.clock.now()) };
    const until = performance.now() + this.settings.decisionWaitMs;
    for (;;) {
      const written = await writeBundle(this.pool, origin, content, this.trust.read());
      if (written) return written;
      if (performance.now() >= until)
        throw new Unavailable(
          'not-signed-yet',
          'no signed checkpoint includes all of these events yet: retry in a moment; if that lasts, check that a projector runs and that it signs',
        );
      await pause(POLL_MS);
    }
  }

  private schemasOf(events: readonly RecordedEvent[]): BundleSchema[] {
    return [...new Set(events.map(({ type }) => type))].sort().flatMap((type) => {
      const { version, summary, schema } = this.schemas.definition(type) ?? {};
      if (version === undefined || summary === undefined) return [];
      return [{ type, version, summary, schema: schema as unknown as JsonObject }];
    });
  }
}

@Controller('v1/evidence-bundles')
export class ProveEventsController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('Events with the proof that they are in the log, to be verified without this server', {
    description: `An evidence bundle (\`${BUNDLE_FORMAT}\`): lines of canonical JSON, the first with the signed checkpoint and the JSON Schemas, each further one with an event and its C2SP tlog-proof. At most ${MAX_BUNDLE_EVENTS} events. Personal fields stay encrypted. Each call is recorded in the log before it is answered: who got what, and why; the header Gatehouse-Position has the position of that.`,
    example: { id: 'img-1', kind: 'case', reason: 'asked for by the regulator' },
    answer: plain(BUNDLE_TYPE, 'The bundle.', Type.String()),
    refusals: {
      404: ['events-unknown', 'no-checkpoint'],
      409: ['event-altered'],
      410: ['position-gone'],
      413: ['too-many-events'],
      503: ['not-signed-yet', 'index-behind'],
    },
  })
  async proveEvents(
    @Body() request: ProveEvents,
    @Context() context: Context,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { bundle, position }: Evidence = await this.commands.execute(request.with({ context }));
    reply.header('gatehouse-position', String(position)).type(BUNDLE_TYPE).send(bundle);
  }
}
