const MAIL_SERVER = 'the mail server that sends them';
const STATEMENTS = 'the root of the API of the database of statements of reasons';
const IMAGE_SERVICE = 'the address of its images with {imageId}';

/** A setting that requires another one, and what to set that to. */
const NEEDS: readonly (readonly [variable: string, needed: string, remedy: string])[] = [
  ['GATEHOUSE_MIGRATION_DATABASE_URL', 'GATEHOUSE_DATABASE_URL', 'the same database as the user of the processes'],
  ['GATEHOUSE_OIDC_ISSUER', 'GATEHOUSE_OIDC_AUDIENCE', 'the audience of your JWTs'],
  ['GATEHOUSE_KAFKA_CA_FILE', 'GATEHOUSE_KAFKA_TLS', 'on'],
  ['GATEHOUSE_KAFKA_SASL_MECHANISM', 'GATEHOUSE_KAFKA_USERNAME', 'the user name for the brokers'],
  ['GATEHOUSE_KAFKA_SASL_MECHANISM', 'GATEHOUSE_KAFKA_PASSWORD', 'the password of that user'],
  ['GATEHOUSE_KAFKA_USERNAME', 'GATEHOUSE_KAFKA_SASL_MECHANISM', 'the mechanism that the brokers require'],
  ['GATEHOUSE_KAFKA_PASSWORD', 'GATEHOUSE_KAFKA_SASL_MECHANISM', 'the mechanism that the brokers require'],
  ['GATEHOUSE_NOTICE_WEBHOOK_URL', 'GATEHOUSE_NOTICE_WEBHOOK_SECRET', 'a secret that its receiver has too'],
  ['GATEHOUSE_NOTICE_WEBHOOK_SECRET', 'GATEHOUSE_NOTICE_WEBHOOK_URL', 'where notices are posted'],
  ['GATEHOUSE_NOTICE_WEBHOOK_FORMER_SECRET', 'GATEHOUSE_NOTICE_WEBHOOK_SECRET', 'the new secret'],
  ['GATEHOUSE_NOTICE_SMTP_URL', 'GATEHOUSE_NOTICE_FROM', 'the address that e-mails are from'],
  ['GATEHOUSE_NOTICE_FROM', 'GATEHOUSE_NOTICE_SMTP_URL', MAIL_SERVER],
  ['GATEHOUSE_NOTICE_SMTP_CA_FILE', 'GATEHOUSE_NOTICE_SMTP_URL', MAIL_SERVER],
  ['GATEHOUSE_NOTICE_SMTP_PLAIN', 'GATEHOUSE_NOTICE_SMTP_URL', MAIL_SERVER],
  ['GATEHOUSE_DSA_URL', 'GATEHOUSE_DSA_TOKEN_FILE', 'a file with the platform’s token'],
  ['GATEHOUSE_DSA_URL', 'GATEHOUSE_DSA_SINCE', 'the first day whose decisions are sent'],
  ['GATEHOUSE_DSA_TOKEN_FILE', 'GATEHOUSE_DSA_URL', STATEMENTS],
  ['GATEHOUSE_DSA_SINCE', 'GATEHOUSE_DSA_URL', STATEMENTS],
  ['GATEHOUSE_DSA_SCOPE', 'GATEHOUSE_DSA_URL', STATEMENTS],
  ['GATEHOUSE_IMAGE_TOKEN', 'GATEHOUSE_IMAGE_URL', IMAGE_SERVICE],
  ['GATEHOUSE_IMAGE_TOKEN_FILE', 'GATEHOUSE_IMAGE_URL', IMAGE_SERVICE],
  ['GATEHOUSE_IMAGE_SIGNING_KEY', 'GATEHOUSE_IMAGE_URL', IMAGE_SERVICE],
  ['GATEHOUSE_IMAGE_SIGNING_KEY_FILE', 'GATEHOUSE_IMAGE_URL', IMAGE_SERVICE],
];

/** By which people are written to. */
const CHANNELS = ['GATEHOUSE_NOTICE_WEBHOOK_URL', 'GATEHOUSE_NOTICE_SMTP_URL'];

/** A line for each setting that is missing. */
export function missingSettings(isSet: (variable: string) => boolean): string[] {
  const missing = NEEDS.filter(([variable, needed]) => isSet(variable) && !isSet(needed)).map(
    ([variable, needed, remedy]) =>
      `${needed} is not set, but ${variable} is: set it to ${remedy}, or unset ${variable}`,
  );
  if (!isSet('GATEHOUSE_WAITLIST_CONFIRM_URL') || CHANNELS.some(isSet)) return missing;
  const none = `neither ${CHANNELS.join(' nor ')} is set, but GATEHOUSE_WAITLIST_CONFIRM_URL is, so nobody would get a link`;
  return [...missing, `${none}: set one of them, or unset GATEHOUSE_WAITLIST_CONFIRM_URL`];
}
