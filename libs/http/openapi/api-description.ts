import type { Type as Class } from '@nestjs/common';
import type { EventDefinition } from '../../events/event-definition.js';

/** Injection token of what the documents of an application say beyond its routes. */
export const API_DESCRIPTION = Symbol('ApiDescription');

export interface ApiDescription {
  title: string;
  version: string;
  licence: { name: string; url: string };
  introduction: { openApi: string; asyncApi: string };
  /** In the order of the documents; groups of the same name are merged. */
  groups: readonly ApiGroup[];
  events: ApiEvents;
}

/** Operations that belong together. */
export interface ApiGroup {
  name: string;
  description: string;
  controllers: readonly Class[];
}

/** The events that the API accepts, and those that it publishes. */
export interface ApiEvents {
  incoming: readonly EventDefinition[];
  outgoing: readonly EventDefinition[];
}
