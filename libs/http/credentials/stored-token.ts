import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A bearer token; only the hash of its secret is stored. */
@Entity({ schema: 'platform', name: 'tokens' })
export class StoredToken {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'tokens_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  /** The person it belongs to; null for a token of the service that it names. */
  @Column('text', { nullable: true })
  person!: string | null;

  @Column('text', { array: true })
  roles!: string[];

  /** The sources and event types that it may send; null for all. */
  @Column('text', { array: true, nullable: true })
  sources!: string[] | null;

  @Column('text', { name: 'event_types', array: true, nullable: true })
  eventTypes!: string[] | null;

  @Column('bytea', { name: 'secret_sha256' })
  secretSha256!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
