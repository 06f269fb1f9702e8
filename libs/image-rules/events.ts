import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Instant, Line } from '../events/schemas.js';

/** The rules about images. Each is in force for everyone until an operator lifts it. */
export const IMAGE_RULES = ['photorealistic-faces'] as const;
export type ImageRule = (typeof IMAGE_RULES)[number];

const rule = Type.Enum([...IMAGE_RULES], {
  description: 'The rule: images that look like photographs of people with faces are not shared.',
});
const change = {
  rule,
  cohortId: Type.Optional(EntityId('The cohort that it concerns; everyone if absent.')),
  reason: Line('The reason, shown to other operators.'),
  from: Type.Optional(Instant('When it begins; if absent, with the event.')),
  until: Type.Optional(Instant('When it ends by itself, and what held before does again.')),
};

export const ImageRuleSet = defineEvent({
  type: 'ImageRuleSet',
  version: 1,
  summary: 'An operator put a rule about images into force, for everyone or for one cohort, from a given time on.',
  schema: eventData(change),
  example: { rule: 'photorealistic-faces', reason: 'the preview begins', from: '2022-05-18T12:00:00.000Z' },
});

export const ImageRuleLifted = defineEvent({
  type: 'ImageRuleLifted',
  version: 1,
  summary: 'An operator lifted a rule about images, for everyone or for one cohort, from a given time on.',
  schema: eventData(change),
  example: { rule: 'photorealistic-faces', cohortId: 'week-20', reason: 'a trial with artists' },
});

export const imageRuleEvents = [ImageRuleSet, ImageRuleLifted];

export type ImageRuleEvent = EventOf<(typeof imageRuleEvents)[number]>;
