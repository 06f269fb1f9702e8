import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { closed, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ContentPolicyPublished } from '../events.js';
import { policyStream } from '../policy.js';

const PolicyVersion = closed({
  version: text('The version that people see.'),
  url: orNull(text('The address of its text.')),
  digest: orNull(text('`sha256:` and the hex digest of its text.')),
  publishedAt: instant('When it came into force.'),
  position: position('The position of its publication.'),
});

export const PolicyAnswer = closed({
  current: orNull(PolicyVersion),
  versions: list(PolicyVersion, 'All versions, in the order of their publication.'),
});
export type PolicyAnswer = Static<typeof PolicyAnswer>;

const example = {
  version: '2022-05-18',
  url: 'https://example.org/policy/2022-05-18',
  digest: null,
  publishedAt: '2022-05-18T09:00:00.000Z',
  position: '3',
};

export class ShowPolicy extends Query<PolicyAnswer> {}

@QueryHandler(ShowPolicy)
export class ShowPolicyHandler implements IQueryHandler<ShowPolicy> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute(): Promise<PolicyAnswer> {
    const history = await this.store.readStream(policyStream.category);
    const published = history.filter((event) => isOf(ContentPolicyPublished, event));
    const versions = published.map(({ data, metadata, position: place }) => ({
      version: data.version,
      url: data.url ?? null,
      digest: data.digest ?? null,
      publishedAt: metadata.time,
      position: String(place),
    }));
    return { current: versions.at(-1) ?? null, versions };
  }
}

@Controller('v1/policy')
export class ShowPolicyController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @AnyRole()
  @Operation('The content policy in force and those before it', {
    answer: answer('Policy', 'The policies.', PolicyAnswer, { current: example, versions: [example] }),
  })
  showPolicy(): Promise<PolicyAnswer> {
    return this.queries.execute(new ShowPolicy());
  }
}
