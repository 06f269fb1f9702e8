import { Inject, Injectable } from '@nestjs/common';
import { TokenRegistry } from '../../http/credentials/token-registry.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
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
  ) {}

  /** Everybody with a valid token of a role that hears appeals, in order of their names. */
  async of(appealId: string): Promise<{ person: string; conflict: AppealConflict | null }[]> {
    const now = this.clock.now();
    const people = (await this.tokens.list()).flatMap(({ person, roles, revokedAt, expiresAt }) => {
      const isValid = revokedAt === null && (expiresAt === null || now < Date.parse(expiresAt));
      return person !== null && isValid && HEARERS.some((role) => roles.includes(role)) ? person : [];
    });
    const hearers = [...new Set(people)].sort();
    const found = await this.conflicts.ofPeople(appealId, hearers);
    return hearers.map((person, n) => ({ person, conflict: found[n] ?? null }));
  }
}
