import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { isOf } from '../../events/event-definition.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, count, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { Clock } from '../../kernel/clock.js';
import { foldRecorded, lastChange } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { ContentPolicyPublished } from '../events.js';
import { type ContentPolicies, type PoliciesInForce, policiesAt, policyStream } from '../policy.js';

const STATUSES = ['scheduled', 'in-force', 'grace', 'superseded', 'withdrawn'] as const;

const PolicyVersion = closed({
  version: text('The version that people see.'),
  url: orNull(text('The address of its text.')),
  digest: orNull(text('`sha256:` and the hex digest of its text.')),
  publishedAt: instant('When it was published.'),
  effectiveFrom: instant('When it came or comes into force.'),
  graceDays: count('For how many days after that the version before it still counts as accepted.'),
  status: oneOf(STATUSES, 'Whether it is in force, or why not. A superseded version in its `grace` still counts.'),
  clauses: list(
    closed({
      id: text('What verdicts and the categories of flags name it by.'),
      title: text('Its title.'),
      severity: count('How severe a violation is, from 0 to 3.'),
      text: orNull(text('Its text.')),
    }),
    'Its clauses; empty if it was published without.',
  ),
  position: position('The position of its publication.'),
});

export const PolicyAnswer = closed({
  current: orNull(PolicyVersion),
  versions: list(PolicyVersion, 'All versions, in the order of their publication.'),
  etag: text(
    'Also the header `ETag`. Send it as `If-Match` to publish or withdraw a version only if nobody has done so since.',
  ),
  position: position('The position of the last change; 0 without one.'),
});
export type PolicyAnswer = Static<typeof PolicyAnswer>;

const example = {
  version: '2022-05-18',
  url: 'https://example.org/policy/2022-05-18',
  digest: null,
  publishedAt: '2022-05-18T09:00:00.000Z',
  effectiveFrom: '2022-06-01T00:00:00.000Z',
  graceDays: 14,
  status: 'in-force',
  clauses: [{ id: 'violent', title: 'No violence', severity: 2, text: null }],
  position: '3',
};

export class ShowPolicy extends Query<PolicyAnswer> {}

@QueryHandler(ShowPolicy)
export class ShowPolicyHandler implements IQueryHandler<ShowPolicy> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute(): Promise<PolicyAnswer> {
    const history = await this.store.readStream(policyStream.category);
    const now = this.clock.now();
    const published = history.filter((event) => isOf(ContentPolicyPublished, event));
    const state = foldRecorded(policyStream, history);
    const inForce = policiesAt(state, now);
    const versions = published.map(({ data, metadata, position: place }) => ({
      version: data.version,
      url: data.url ?? null,
      digest: data.digest ?? null,
      publishedAt: metadata.time,
      effectiveFrom: data.effectiveFrom ?? metadata.time,
      graceDays: data.graceDays ?? 0,
      status: statusOf(state, inForce, data.version),
      clauses: (data.clauses ?? []).map((clause) => ({ ...clause, text: clause.text ?? null })),
      position: String(place),
    }));
    const changedAt = lastChange(policyStream, history);
    return {
      current: versions.find(({ version }) => version === inForce.current) ?? null,
      versions,
      etag: entityTagOf(changedAt, this.epoch.current),
      position: String(changedAt),
    };
  }
}

function statusOf(
  { versions }: ContentPolicies,
  { current, upcoming, sufficient }: PoliciesInForce,
  version: string,
): (typeof STATUSES)[number] {
  if (version === current) return 'in-force';
  if (versions.some((one) => one.version === version && one.withdrawn)) return 'withdrawn';
  if (upcoming.has(version)) return 'scheduled';
  return sufficient.has(version) ? 'grace' : 'superseded';
}

@Controller('v1/policy')
export class ShowPolicyController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @AnyRole()
  @Operation('The content policy in force, those before it and those to come', {
    answer: answer('Policy', 'The policies.', PolicyAnswer, {
      current: example,
      versions: [example],
      etag: '"9c1f03ab55d2-3"',
      position: '3',
    }),
  })
  showPolicy(): Promise<PolicyAnswer> {
    return this.queries.execute(new ShowPolicy());
  }
}
