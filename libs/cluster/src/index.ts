export {
  ClusterAdapters,
  clusterAdapters,
  type ClusterOptions,
  type ClusterServers,
} from './cluster-adapters.js';
export { TopicRefused } from './event-log/event-log-topic.js';
export type { TopicBatch, TopicRecord } from './event-log/kafka-transport.js';
export { forgetCluster, prepareCluster } from './prepare-cluster.js';
