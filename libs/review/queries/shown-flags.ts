import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/envelope.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import type { Case } from '../case.js';
import type { CaseFlag } from '../case-rows.js';
import { seesOrigin } from './reviewing-roles.js';

/** As much of a hash as an id shows. */
const DIGITS = 16;

type Reader = Pick<Actor, 'role'>;

/**
 * Shows flags so that nobody but leads and compliance can tell a case that was opened without a flag: to others it has one. To
 * reviewers every flagger of a case has another name, which is the same for all of them and can't be computed: so that one
 * does not stand out, and nobody recognizes who flags.
 */
@Injectable()
export class ShownFlags {
  constructor(@Inject(PersonKeys) private readonly keys: Pick<PersonKeys, 'keyedHash'>) {}

  of(caseId: string, flags: readonly CaseFlag[], reader: Reader): Required<CaseFlag>[] {
    return flags.flatMap(({ flagId, flaggedBy, categories }) =>
      flaggedBy === undefined && seesOrigin(reader)
        ? []
        : [
            {
              flagId: this.flagId(caseId, flagId, reader),
              flaggedBy: this.flagger(caseId, flaggedBy, reader),
              categories,
            },
          ],
    );
  }

  /** The flaggers of a case, sorted. */
  flaggersOf(caseId: string, { flaggers, origin }: Pick<Case, 'flaggers' | 'origin'>, reader: Reader): string[] {
    const isShown = origin !== 'flags' && !seesOrigin(reader);
    const shown = [...flaggers, ...(isShown ? [undefined] : [])].map((one) => this.flagger(caseId, one, reader));
    return shown.sort();
  }

  /** @param flaggedBy undefined for none */
  flagger(caseId: string, flaggedBy: string | undefined, reader: Reader): string {
    return this.shown('flagger', caseId, flaggedBy, reader);
  }

  /** @param flagId undefined for none */
  flagId(caseId: string, flagId: string | undefined, reader: Reader): string {
    return this.shown('flag', caseId, flagId, reader);
  }

  private shown(kind: string, caseId: string, id: string | undefined, { role }: Reader): string {
    if (role !== 'reviewer' && id !== undefined) return id;
    return `${kind}-${this.keys.keyedHash(`shown ${kind}\n${caseId}\n${id ?? ''}`).slice(0, DIGITS)}`;
  }
}
