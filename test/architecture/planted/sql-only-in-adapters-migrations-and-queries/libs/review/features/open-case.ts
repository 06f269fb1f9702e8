// planted violation
import type { DataSource } from 'typeorm';

export type Source = DataSource;
