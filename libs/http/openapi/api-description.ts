import type { Type as Class } from '@nestjs/common';
import type { ApiEvents } from './api-events.js';

/** Token of injection: what the documents of an application say beyond its routes. */
export const API_DESCRIPTION = Symbol('ApiDescription');

export interface ApiDescription {
  title: string;
  version: string;
  licence: { name: string; url: string };
  introduction: { openApi: string; asyncApi: string };
  /** In the order of the documents; two of one name are one group. */
  groups: readonly ApiGroup[];
  events: ApiEvents;
}

/** Operations that belong together. */
export interface ApiGroup {
  name: string;
  description: string;
  controllers: readonly Class[];
}
