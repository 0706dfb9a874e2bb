export {
  ClusterAdapters,
  clusterAdapters,
  type ClusterOptions,
  type ClusterServers,
} from './cluster-adapters.js';
export { TopicRefused } from './event-log/event-log-topic.js';
export { forgetCluster, prepareCluster } from './prepare-cluster.js';
