// planted violation
import { Command } from 'commander';

export const command = new Command();
