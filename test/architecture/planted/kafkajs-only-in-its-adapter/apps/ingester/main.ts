// planted violation
import type { Consumer } from 'kafkajs';

export type Source = Consumer;
