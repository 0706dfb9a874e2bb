export { prepareEventStore } from './event-store/event-documents.js';
export { MongoEventStore, type MongoEventStoreOptions } from './event-store/mongo-event-store.js';
export { connectMongo, type Database } from './mongo.js';
