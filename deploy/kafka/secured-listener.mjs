import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './libraries.mjs';

export const SECURED = 'SECURED';
const STORE_PASSWORD = 'local-only';
const MODULES = {
  PLAIN: 'org.apache.kafka.common.security.plain.PlainLoginModule',
  'SCRAM-SHA-256': 'org.apache.kafka.common.security.scram.ScramLoginModule',
  'SCRAM-SHA-512': 'org.apache.kafka.common.security.scram.ScramLoginModule',
};
const mechanisms = Object.keys(MODULES);

/** Creates a self-signed certificate for the broker. @returns its file, for clients */
export async function makeCertificate(directory, host) {
  const keyStore = join(directory, 'broker.p12');
  const certificate = join(directory, 'ca.pem');
  if (existsSync(certificate)) return certificate;
  const store = ['-keystore', keyStore, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD, '-alias', 'broker'];
  const names = ['-dname', 'CN=gatehouse-local', '-ext', `san=ip:${host}`];
  const complaint = "cannot create the broker's certificate";
  await execute('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-validity', '3650', ...names], complaint);
  await execute('keytool', ['-exportcert', ...store, '-rfc', '-file', certificate], complaint);
  return certificate;
}

/** The lines of server.properties for a listener with TLS and the login by one of three mechanisms. */
export function securedProperties(directory, { username, password }) {
  const of = (mechanism) => {
    const known = mechanism === 'PLAIN' ? ` user_${username}="${password}"` : '';
    const name = `listener.name.${SECURED.toLowerCase()}.${mechanism.toLowerCase()}.sasl.jaas.config`;
    return `${name}=${MODULES[mechanism]} required${known};\n`;
  };
  return `sasl.enabled.mechanisms=${mechanisms.join(',')}
ssl.keystore.type=PKCS12
ssl.keystore.location=${join(directory, 'broker.p12')}
ssl.keystore.password=${STORE_PASSWORD}
${mechanisms.map(of).join('')}`;
}

/** Arguments for formatting the directory: Kafka stores SCRAM credentials in the cluster's own records. */
export const scramArguments = ({ username, password }) =>
  mechanisms
    .filter((mechanism) => mechanism.startsWith('SCRAM'))
    .flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]);
