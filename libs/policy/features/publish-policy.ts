import { createHash } from 'node:crypto';
import { Body, Controller, Post } from '@nestjs/common';
import { IsString, IsUrl, MaxLength, MinLength } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import type { DataOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  AreObjects,
  IfGiven,
  IsInstant,
  IsInteger,
  IsLabel,
  IsName,
  IsProse,
  IsTitle,
  Means,
} from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Located } from '../../http/location.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { toIso } from '../../kernel/clock.js';
import { type ContentPolicyPublished, MAX_CLAUSES, MAX_SEVERITY } from '../events.js';
import { policyStream, publishPolicy } from '../policy.js';
import { POLICY } from './edited-policy.js';

type Published = DataOf<typeof ContentPolicyPublished>;

class PolicyClause {
  @IsLabel('What verdicts and the categories of flags name it by.')
  id!: string;

  @IsTitle('Its title, as people see it.')
  title!: string;

  @IsInteger('How severe a violation is: 0 the least, 3 the most.', 0, MAX_SEVERITY)
  severity!: number;

  @IfGiven()
  @IsProse(4000, 'Its text, as people see it.')
  text?: string;
}

export class PublishPolicy extends EditCommand {
  @IsName('The version that people see.')
  version!: string;

  @Means('The address of its text.')
  @IfGiven()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, allow_underscores: true })
  @MaxLength(2000)
  url?: string;

  @Means('Its text. Only its SHA-256 is stored; it proves later what was accepted.')
  @IfGiven()
  @IsString()
  @MinLength(1)
  @MaxLength(500_000)
  text?: string;

  @IfGiven()
  @IsInstant('When it comes into force; at once by default.')
  effectiveFrom?: string;

  @IfGiven()
  @IsInteger('For how many days after that the version before it still counts as accepted; 0 by default.', 0, 365)
  graceDays?: number;

  @IfGiven()
  @AreObjects(
    PolicyClause,
    1,
    MAX_CLAUSES,
    'Its clauses, each with an id of its own. A verdict that finds a violation names one.',
  )
  clauses?: PolicyClause[];
}

export const PublishPolicyHandler = editHandler(PublishPolicy, policyStream, POLICY, (state, command, now) =>
  publishPolicy(state, policyOf(command), now),
);

const policyOf = ({ version, url, text, effectiveFrom, graceDays, clauses }: PublishPolicy): Published => ({
  version,
  ...(url === undefined ? {} : { url: new URL(url).href }),
  ...(text === undefined ? {} : { digest: `sha256:${createHash('sha256').update(text).digest('hex')}` }),
  ...(effectiveFrom === undefined ? {} : { effectiveFrom: toIso(Date.parse(effectiveFrom)) }),
  ...(graceDays === undefined ? {} : { graceDays }),
  ...(clauses === undefined ? {} : { clauses: clauses.map((clause) => ({ ...clause })) }),
});

@Controller('v1/policy')
export class PublishPolicyController extends CommandRoute {
  @Post()
  @Edits('/v1/policy')
  @Located('/v1/policy')
  @Roles('operator', 'administrator')
  @Operation('Publishes a version of the content policy; once it is in force, access requires its acceptance', {
    description:
      'By default it is in force at once, and who accepted another version is denied until they accept this one. `effectiveFrom` announces it: it may be accepted from now on. During `graceDays`, who accepted the version before it keeps the access.',
    example: {
      version: '2022-05-18',
      url: 'https://example.org/policy/2022-05-18',
      effectiveFrom: '2022-06-01T00:00:00Z',
      graceDays: 14,
      clauses: [{ id: 'violent', title: 'No violence', severity: 2 }],
    },
    answer: receipt('The version is published.'),
    refusals: { 409: ['policy-superseded', 'policy-withdrawn', 'policy-published', 'effective-date-past'] },
  })
  publishPolicy(@Body() policy: PublishPolicy, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(policy.with({ context, ifMatch }));
  }
}
