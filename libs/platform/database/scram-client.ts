import pg from 'pg';

/** What node-postgres calls for each request of the server; not part of its documented interface. */
interface Handlers {
  saslSession: unknown;
  connection: NodeJS.EventEmitter & { stream: { destroy(): void } };
  _handleAuthCleartextPassword(message: unknown): void;
  _handleAuthMD5Password(message: unknown): void;
  _handleAuthSASLFinal(message: unknown): void;
  _handleReadyForQuery(message: unknown): void;
}

const Client = pg.Client as unknown as new (config?: pg.ClientConfig) => pg.Client & Handlers;

/**
 * A client that never sends its password, as `require_auth=scram-sha-256` of libpq. Another program in the place of the server
 * could ask node-postgres for the password in clear, or accept the connection without any.
 */
export class ScramClient extends Client {
  private isProved = false;

  override _handleAuthCleartextPassword(): void {
    this.refuse('asks for the password in clear');
  }

  override _handleAuthMD5Password(): void {
    this.refuse('asks for the password as MD5');
  }

  override _handleAuthSASLFinal(message: unknown): void {
    super._handleAuthSASLFinal(message);
    this.isProved = this.saslSession === null; // it stays if the server's signature is wrong
  }

  override _handleReadyForQuery(message: unknown): void {
    if (this.isProved) super._handleReadyForQuery(message);
    else this.refuse('does not prove that it knows the password');
  }

  private refuse(what: string): void {
    const error = new Error(`the program at the address of the database ${what}: it may not be the database`);
    this.connection.emit('error', Object.assign(error, { code: 'SERVER_NOT_PROVED' }));
    this.connection.stream.destroy();
  }
}
