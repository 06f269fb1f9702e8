import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { IsString, MaxLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Public } from '../../http/credentials/route-access.js';
import { Means } from '../../http/field-rules.js';
import { closed, instant, list, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation, plain } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import { logKeys, offeredKeys } from '../leaves/log-keys.js';
import { originOf } from '../leaves/origin.js';
import { publishedCheckpoint } from '../leaves/signed-checkpoints.js';
import { readBundle, readTile } from '../leaves/stored-tree.js';
import { TreeReader } from '../leaves/tree-reader.js';
import { HASH_BYTES, leafHash } from '../tlog/merkle-tree.js';
import { encodeBundle, parseTilePath, type TilePlace } from '../tlog/tiles.js';

const MAX_SEGMENT = 9;

/** The parts of a tile's path, `0/x001/234.p/5`: they are checked together, since each tile has one path only. */
export class TileParam {
  @IsString()
  @MaxLength(MAX_SEGMENT)
  @Means('The level of the tile, 0 to 6, or `entries`.')
  level!: string;
}

export class ShortTileParam extends TileParam {
  @IsString()
  @MaxLength(MAX_SEGMENT)
  @Means('Its number, three digits.')
  first!: string;
}

export class TileInTwoParam extends TileParam {
  @IsString()
  @MaxLength(MAX_SEGMENT)
  @Means('Thousands with an x, as `x001`; or a number and `.p`, as `234.p`.')
  first!: string;

  @IsString()
  @MaxLength(MAX_SEGMENT)
  @Means('The last three digits; or the number of hashes or entries.')
  second!: string;
}

export class TileInThreeParam extends TileInTwoParam {
  @IsString()
  @MaxLength(MAX_SEGMENT)
  @Means('The next part.')
  third!: string;
}

export class TileInFourParam extends TileInThreeParam {
  @IsString()
  @MaxLength(MAX_SEGMENT)
  @Means('The last part.')
  fourth!: string;
}

const LogKeysAnswer = closed({
  origin: text('The name of the log, in its epoch: the first line of its checkpoints.'),
  keys: list(
    closed({
      origin: text('The log that the key signs or signed for.'),
      verifier: text('The key as a verifier takes it: `name+hash+key` of C2SP signed-note.'),
      since: instant('When it was used first.'),
      until: orNull(instant('When it stops to sign, since another key was put in its place; null for a current one.')),
    }),
    'Every key that has signed checkpoints, the newest first.',
  ),
  offered: list(text('A key as `name+hash+key`.'), 'Keys that projectors have and that do not sign yet.'),
});
export type LogKeysAnswer = Static<typeof LogKeysAnswer>;

const TILE = {
  description:
    'As C2SP tlog-tiles has it: 256 hashes of 32 bytes, or 256 entries, each after its length in two bytes; fewer for a path with `.p/`. The path’s number is in groups of three digits, all but the last with an x: `x001/234`. It never changes.',
  answer: plain('application/octet-stream', 'The tile.', Type.String({ format: 'binary' })),
  refusals: { 404: ['no-tile'] },
};
const BYTES = 'application/octet-stream';
const FOR_EVER = 'public, max-age=31536000, immutable';

/** What anybody needs to verify the log without trusting this server. Nothing of it reveals an event. */
@Controller('log')
@Public()
export class ProofEndpoints {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Get('checkpoint')
  @Operation('The newest signed checkpoint of the log of leaves', {
    description:
      'C2SP tlog-checkpoint: origin, number of leaves and root, in a signed note. It has the cosignatures that witnesses have given it so far. The header `Gatehouse-Position` has the position of the last event that it covers.',
    answer: plain('text/plain', 'The checkpoint.', Type.String()),
    refusals: { 404: ['no-checkpoint'] },
  })
  async logCheckpoint(@Res() reply: FastifyReply): Promise<void> {
    const origin = originOf(this.settings, this.epoch.current);
    const checkpoint = await publishedCheckpoint(this.pool, origin);
    if (!checkpoint)
      throw new NotFound(
        'no-checkpoint',
        `no checkpoint of ${origin} has been signed: check that a projector runs, and that it has the proof key`,
      );
    const last = await new TreeReader(this.pool).leaf(checkpoint.size - 1);
    if (last) reply.header('gatehouse-position', String(last.position));
    reply.header('cache-control', 'no-cache').type('text/plain; charset=utf-8').send(checkpoint.note);
  }

  @Get('keys')
  @Operation('The name of the log and its public keys', {
    answer: answer('LogKeys', 'The keys.', LogKeysAnswer),
  })
  async logKeys(): Promise<LogKeysAnswer> {
    const origin = originOf(this.settings, this.epoch.current);
    const [keys, offered] = await Promise.all([logKeys(this.pool), offeredKeys(this.pool, origin)]);
    return {
      origin,
      keys: keys.map(({ origin: of, verifier, since, until }) => ({
        origin: of,
        verifier,
        since: since.toISOString(),
        until: until?.toISOString() ?? null,
      })),
      offered,
    };
  }

  @Get('tile/:level/:first')
  @Operation('A tile of the log of leaves', TILE)
  logTile(@Param() { level, first }: ShortTileParam, @Res() reply: FastifyReply): Promise<void> {
    return this.send([level, first], reply);
  }

  @Get('tile/:level/:first/:second')
  @Operation('A partial tile, or one whose number has six digits', TILE)
  logTileInTwo(@Param() { level, first, second }: TileInTwoParam, @Res() reply: FastifyReply): Promise<void> {
    return this.send([level, first, second], reply);
  }

  @Get('tile/:level/:first/:second/:third')
  @Operation('A partial tile whose number has six digits, or a tile whose number has nine', TILE)
  logTileInThree(
    @Param() { level, first, second, third }: TileInThreeParam,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send([level, first, second, third], reply);
  }

  @Get('tile/:level/:first/:second/:third/:fourth')
  @Operation('A partial tile whose number has nine digits', TILE)
  logTileInFour(
    @Param() { level, first, second, third, fourth }: TileInFourParam,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send([level, first, second, third, fourth], reply);
  }

  private async send(parts: readonly string[], reply: FastifyReply): Promise<void> {
    const place = parseTilePath(parts.join('/'));
    const bytes = place && (await this.bytesOf(place));
    if (!bytes) throw new NotFound('no-tile', `${parts.join('/')} is no tile of this log, or is not full yet`);
    reply.header('cache-control', FOR_EVER).type(BYTES).send(bytes);
  }

  private async bytesOf({ level, number, width }: TilePlace): Promise<Buffer | undefined> {
    if (level !== 'entries' && level > 0) {
      const tile = await readTile(this.pool, level, number);
      return tile && tile.length >= width * HASH_BYTES ? tile.subarray(0, width * HASH_BYTES) : undefined;
    }
    const leaves = (await readBundle(this.pool, number)).slice(0, width);
    if (leaves.length < width) return undefined;
    const entries = leaves.map(({ entry }) => entry);
    return level === 'entries' ? encodeBundle(Buffer.concat(entries)) : Buffer.concat(entries.map(leafHash));
  }
}
