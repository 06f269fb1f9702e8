import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ContentPolicyPublished } from '../events.js';
import { policyStream } from '../policy.js';

export interface PolicyVersion {
  version: string;
  url: string | null;
  /** `sha256:` and hex of its text. */
  digest: string | null;
  publishedAt: string;
  position: string;
}

export interface PolicyAnswer {
  /** The one in force; null before the first. */
  current: PolicyVersion | null;
  /** All of them, in the order of their publication. */
  versions: PolicyVersion[];
}

export class ShowPolicy extends Query<PolicyAnswer> {}

@QueryHandler(ShowPolicy)
export class ShowPolicyHandler implements IQueryHandler<ShowPolicy> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute(): Promise<PolicyAnswer> {
    const history = await this.store.readStream(policyStream.category);
    const published = history.filter((event) => isOf(ContentPolicyPublished, event));
    const versions = published.map(({ data, metadata, position }) => ({
      version: data.version,
      url: data.url ?? null,
      digest: data.digest ?? null,
      publishedAt: metadata.time,
      position: String(position),
    }));
    return { current: versions.at(-1) ?? null, versions };
  }
}

@Controller('v1/policy')
export class ShowPolicyController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** The content policy in force and those before it. */
  @Get()
  @AnyRole()
  show(): Promise<PolicyAnswer> {
    return this.queries.execute(new ShowPolicy());
  }
}
