import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StartFailure } from './start-failure.js';

/**
 * The certificates of a private authority, in PEM.
 * @param variable of the setting that names the file
 * @throws StartFailure with this code
 */
export function readAuthority(variable: string, file: string, code: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    createSecureContext({ ca: pem });
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
    throw new Error('it contains no certificate');
  } catch (error) {
    const what = `${variable} is ${file}, which can't be used (${(error as Error).message})`;
    throw new StartFailure(code, `${what}: set it to a readable PEM file with certificates`);
  }
}
