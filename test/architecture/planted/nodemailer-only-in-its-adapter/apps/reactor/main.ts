// planted violation
import { createTransport } from 'nodemailer';

export const transport = createTransport({ host: 'mail' });
