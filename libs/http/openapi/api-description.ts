import type { Type as Class } from '@nestjs/common';
import type { ApiEvents } from './api-events.js';

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
