import { Inject, Injectable } from '@nestjs/common';
import { TokenRegistry } from '../../http/credentials/token-registry.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import type { AppealConflict } from '../conflict.js';
import { HEARERS } from './appeal-fields.js';
import { HearingConflicts } from './hearing-conflicts.js';

/** Reads to whom an appeal may go. */
@Injectable()
export class Hearers {
  constructor(
    @Inject(TokenRegistry) private readonly tokens: TokenRegistry,
    @Inject(HearingConflicts) private readonly conflicts: HearingConflicts,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'oidcIssuer'>,
  ) {}

  /** Everybody with a valid token of a role that hears appeals, in order of their names. */
  async of(appealId: string): Promise<{ person: string; conflict: AppealConflict | null }[]> {
    const hearers = [...(await this.people())].sort();
    const [found] = await this.conflicts.of([appealId], await this.conflicts.asking(hearers));
    return hearers.map((person, n) => ({ person, conflict: found![n] ?? null }));
  }

  /** Whether somebody can hear appeals at all. Of people who sign in elsewhere that is not known. */
  async isHearer(person: string): Promise<boolean> {
    return this.settings.oidcIssuer !== undefined || (await this.people()).has(person);
  }

  private async people(): Promise<Set<string>> {
    const now = this.clock.now();
    const people = (await this.tokens.list()).flatMap(({ person, roles, revokedAt, expiresAt }) => {
      const isValid = revokedAt === null && (expiresAt === null || now < Date.parse(expiresAt));
      return person !== null && isValid && HEARERS.some((role) => roles.includes(role)) ? person : [];
    });
    return new Set(people);
  }
}
