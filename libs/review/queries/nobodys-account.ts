import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { AccountRecords } from '../../account/index.js';
import { imagesView } from '../../images/index.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { POOL } from '../../platform/ports.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { likeOther } from '../like-others.js';
import { casesView } from '../views/cases.js';

/** Ids that are tried until one is of nobody. */
const TRIES = 50;

export interface NobodysAccount {
  accountId: string;
  accountStatus: 'unknown' | 'onboarded';
}

/** Finds an account for a golden case that nobody has, and whose id and status are like those of others. */
@Injectable()
export class NobodysAccounts {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(PersonKeys) private readonly keys: Pick<PersonKeys, 'keyedHash'>,
    @Inject(AccountRecords) private readonly accounts: AccountRecords,
  ) {}

  /**
   * @param wanted the account that a lead gave, if they did
   * @throws Refusal account-in-use; InvalidInput if no account is known whose form it could have
   */
  async for(goldenId: string, wanted: string | undefined): Promise<NobodysAccount> {
    const other = await this.latestAccount();
    const accountStatus =
      other !== undefined && (await this.accounts.of(other)).status === 'unknown' ? 'unknown' : 'onboarded';
    if (wanted !== undefined) {
      if (await this.isFree(wanted, accountStatus)) return { accountId: wanted, accountStatus };
      throw new Refusal(
        'account-in-use',
        `account ${wanted} is somebody's: leave accountId out, or name one of nobody`,
      );
    }
    for (let n = 0; other !== undefined && n < TRIES; n++) {
      const accountId = likeOther(other, this.keys.keyedHash(`golden account\n${goldenId}\n${n}`));
      if (await this.isFree(accountId, accountStatus)) return { accountId, accountStatus };
    }
    const message = 'is needed: no account is known whose form an id of nobody could have';
    throw new InvalidInput([{ field: '/accountId', message }]);
  }

  private async isFree(accountId: string, status: NobodysAccount['accountStatus']): Promise<boolean> {
    if ((await this.accounts.of(accountId)).status !== 'unknown') return false;
    // The images have no index of accounts. Where accounts are recorded, none has images that is not.
    const views = status === 'unknown' ? [imagesView, casesView] : [casesView];
    const used = views.map((view) =>
      this.rows(`SELECT FROM ${viewTable(view)} WHERE account_id = $1 LIMIT 1`, [accountId]),
    );
    return (await Promise.all(used)).every((rows) => rows.length === 0);
  }

  private async latestAccount(): Promise<string | undefined> {
    const newest = await this.rows(
      `SELECT account_id FROM ${viewTable(casesView)} WHERE account_id IS NOT NULL AND origin = 'flags'
       ORDER BY opened_at DESC, case_id DESC LIMIT 1`,
      [],
    );
    return newest[0]?.account_id;
  }

  private async rows(text: string, values: unknown[]): Promise<{ account_id: string }[]> {
    try {
      return (await queryView(this.pool, { text, values })).rows;
    } catch (error) {
      if (error instanceof ViewNotBuilt) return [];
      throw error;
    }
  }
}
