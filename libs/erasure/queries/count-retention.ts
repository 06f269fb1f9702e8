import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Query as BusQuery, type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn, Matches } from 'class-validator';
import type { Static } from 'typebox';
import { Catalogue } from '../../context/catalogue.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { ownersOf } from '../../event-store/personal-owners.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsLabel, Means } from '../../http/field-rules.js';
import { closed, count, flag, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { POSITION_RULE, positionOf, readFromGiven } from '../../http/position-text.js';
import type { Clock } from '../../kernel/clock.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GIVEN_POSITION } from '../../kernel/text-forms.js';
import { dataClassOf, monthOf, SLICES } from '../../platform/personal-data/data-class.js';
import { isEncrypted, monthIn } from '../../platform/personal-data/encrypted-text.js';
import { type Owners, PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { RETAINED_CLASSES, type RetainedClass, refuseMonth } from '../retention.js';
import { HeldSlices } from './held-slices.js';

/** Events that one request reads: each has to be looked up in the key store. */
const SCANNED = 20_000;
const PAGE = 2_000;

const RetentionCounts = closed({
  months: list(
    closed({
      month: text('The month, in UTC, in which it was stored.'),
      readable: count('How many strings of the class can be read, and would be destroyed.'),
      held: count('How many can be read and would be kept, because of a hold.'),
    }),
    'The months through the given one that have any in this part of the log, in their order.',
  ),
  withoutMonth: count('How many can be read that only an erasure reaches: an earlier release stored them.'),
  next: position('Give it as `after` for the next part.'),
  atHead: flag('Whether this was the last part.'),
});
export type RetentionCounts = Static<typeof RetentionCounts>;

export class CountRetention extends BusQuery<RetentionCounts> {
  @Means('The class of data.')
  @IsIn(RETAINED_CLASSES)
  dataClass!: RetainedClass;

  @IsLabel('The last month, in UTC, like `202205`.')
  through!: string;

  @IfGiven()
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('After this position; `next` of the part before.')
  after?: string;
}

type Text = Owners & { encrypted: string; month: string | undefined };

/** What retention of a class would destroy, counted in parts of the log, each of a bounded size. Nothing is decrypted. */
@QueryHandler(CountRetention)
export class CountRetentionHandler implements IQueryHandler<CountRetention> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Catalogue) private readonly catalogue: Catalogue,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(HeldSlices) private readonly holds: HeldSlices,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws InvalidInput for a month that is not over; NotCaughtUp if the holds can't be known in time */
  async execute({ dataClass, through, after = '0' }: CountRetention): Promise<RetentionCounts> {
    refuseMonth(through, monthOf(this.clock.now()));
    const fields = this.fieldsOf(dataClass);
    const { slices } = await this.holds.find(SLICES);
    const months = new Map<string, { month: string; readable: number; held: number }>();
    let withoutMonth = 0;
    let next = positionOf(after, '/after', this.epoch.current);
    let atHead = false;
    for (let scanned = 0; scanned < SCANNED && !atHead; ) {
      const page = await readFromGiven(this.epoch.current, () =>
        this.store.readAll(next, { limit: PAGE, types: [...fields.keys()] }),
      );
      const texts = page.events.flatMap((event) => textsIn(event, fields));
      const readable = await this.keys.readable(texts);
      for (const { month, person, about } of texts.filter((_, n) => readable[n])) {
        if (month === undefined) withoutMonth++;
        if (month === undefined || month > through) continue;
        const counts = months.get(month) ?? { month, readable: 0, held: 0 };
        counts[slices.has(this.keys.store.sliceOf(about ?? person, SLICES)) ? 'held' : 'readable']++;
        months.set(month, counts);
      }
      scanned += Math.max(page.events.length, 1);
      ({ next, atHead } = page);
    }
    const sorted = [...months.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
    return { months: sorted, withoutMonth, next: String(next), atHead };
  }

  private fieldsOf(dataClass: RetainedClass) {
    const found = this.catalogue.events.flatMap(({ type, personal }) => {
      const names = personal?.fields.filter((field) => dataClassOf(field) === dataClass) ?? [];
      return names.length > 0 ? [[type, { personal: personal!, names }] as const] : [];
    });
    return new Map(found);
  }
}

function textsIn({ type, data }: RecordedEvent, fields: ReturnType<CountRetentionHandler['fieldsOf']>): Text[] {
  const { personal, names } = fields.get(type)!;
  if (typeof data?.[personal.person] !== 'string') return [];
  return names.flatMap((name) => {
    const encrypted = data[name];
    if (typeof encrypted !== 'string' || !isEncrypted(encrypted)) return [];
    return [{ ...ownersOf(personal, data, name), encrypted, month: monthIn(encrypted) }];
  });
}

@Controller('v1/retention-counts')
export class CountRetentionController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles('compliance', 'administrator')
  @Operation('How much personal data of a class there is that can be read, by the month in which it was stored', {
    description:
      'Counted from the log, in parts: ask until `atHead`. What retention destroys is what was counted as `readable`: nothing is added to a month that is over.',
    answer: answer('RetentionCounts', 'A part.', RetentionCounts, {
      months: [{ month: '202104', readable: 1_200, held: 3 }],
      withoutMonth: 0,
      next: '20000',
      atHead: true,
    }),
    refusals: { 410: ['position-gone'], 503: ['not-caught-up'] },
  })
  countRetention(@Query() query: CountRetention): Promise<RetentionCounts> {
    return this.queries.execute(query);
  }
}
