import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { QuarantineStatus } from './quarantine-entry.js';

/** A rejected event with the reason. */
@Entity({ schema: 'messaging', name: 'quarantine' })
@Unique('quarantine_fingerprint', ['fingerprint'])
@Check('quarantine_status_check', `status IN ('waiting', 'replayed', 'resolved', 'discarded')`)
@Index('quarantine_usage', ['account', 'source', 'bytes'], { where: `status = 'waiting'` })
@Index('quarantine_identity', ['identity'], { where: `status = 'waiting'` })
@Index('quarantine_last_seen', ['lastSeenAt'])
@Index('quarantine_waiting', ['firstSeenAt', 'id'], { where: `status = 'waiting'` })
export class StoredQuarantineEntry {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'quarantine_pkey' })
  id!: string;

  /** Keyed hash of the channel and the bytes. */
  @Column('text', { select: false })
  fingerprint!: string;

  @Column('text', { name: 'door' })
  channel!: string;

  @Column('text')
  actor!: string;

  @Column('text')
  reason!: string;

  /** What the event says of itself, and what was wrong, encrypted; null for entries of an earlier version. */
  @Column('text', { select: false, nullable: true })
  reported!: string | null;

  /** Keyed hash of whose budget it takes: its source's, or its sender's if it may not send that source. */
  @Column('text', { select: false })
  account!: string;

  /** Keyed hash of its source. */
  @Column('text', { name: 'source_key', select: false, nullable: true })
  source!: string | null;

  /** Keyed hash of its source and id. */
  @Column('text', { name: 'identity_key', select: false, nullable: true })
  identity!: string | null;

  /** The bytes, encrypted: they may hold anybody's data. Null once it is settled. */
  @Column('text', { select: false, nullable: true })
  raw!: string | null;

  @Column('int')
  bytes!: number;

  /** Number of times that the same bytes arrived. */
  @Column('int', { default: 1 })
  seen!: number;

  @Column('text', { default: 'waiting' })
  status!: QuarantineStatus;

  /** Who replayed or discarded it, or sent the corrected event. */
  @Column('text', { name: 'settled_by', nullable: true })
  settledBy!: string | null;

  @Column('timestamptz', { name: 'first_seen_at' })
  firstSeenAt!: Date;

  @Column('timestamptz', { name: 'last_seen_at' })
  lastSeenAt!: Date;
}
