export {
  ClusterAdapters,
  clusterAdapters,
  type ClusterOptions,
  type ClusterServers,
} from './cluster-adapters.js';
export { TopicRefused } from './event-log/event-log-topic.js';
export { decodeRecord, encodeRecord } from './event-log/record-codec.js';
export { deleteCluster, prepareCluster } from './prepare-cluster.js';
