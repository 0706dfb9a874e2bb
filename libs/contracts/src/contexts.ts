/**
 * The bounded contexts. Each has its own store, publishes its own facts, and runs as a service of this name on a
 * cluster.
 */
export const contextNames = ['patron-profile', 'interaction-log', 'feedback', 'analytics'] as const;

export type ContextName = (typeof contextNames)[number];
