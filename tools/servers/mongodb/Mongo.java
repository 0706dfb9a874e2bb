import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DatabaseResolver;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.backend.aggregation.Aggregation;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.Oplog;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * A server of MongoDB's wire protocol: {@code java -cp '<classes>:lib/*' Mongo <port> <file>}.
 *
 * <p>It keeps its documents over a SIGTERM, which closes the file in order; a SIGKILL loses the last seconds of what it acknowledged.
 */
final class Mongo {
  /** What the server says it is: today's drivers refuse the wire version of every one that is built in. */
  private static final MongoVersion FIVE =
      new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
          return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
          return 13;
        }
      };

  public static void main(String[] arguments) {
    var backend = new IndexingBackend(MVStore.open(arguments[1]));
    backend.version(FIVE);
    var server = new MongoServer(backend);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
  }

  /** Its databases use their indexes: those that are built in only tell duplicates, and find one value or a few. */
  private static final class IndexingBackend extends H2Backend {
    IndexingBackend(MVStore store) {
      super(store);
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
      return new IndexingDatabase(name, getMvStore(), getCursorRegistry());
    }

    /** Tells besides, as MongoDB names it, how many documents were looked at by any query so far. */
    @Override
    public Document getServerStatus() {
      var executor = new Document("scannedObjects", CountingCollection.SCANNED.get());
      return super.getServerStatus().append("metrics", new Document("queryExecutor", executor));
    }

    /** Indexes are kept in memory, and filled from the documents when a database is opened. */
    private final class IndexingDatabase extends H2Database {
      IndexingDatabase(String name, MVStore store, CursorRegistry cursors) {
        super(name, store, cursors);
      }

      @Override
      protected Index<Object> openOrCreateUniqueIndex(
          String collection, String name, List<IndexKey> keys, boolean sparse) {
        return new UniqueIndex(name, keys, sparse);
      }

      @Override
      protected Index<Object> openOrCreateSecondaryIndex(
          String collection, String name, List<IndexKey> keys, boolean sparse) {
        return new SecondaryIndex(name, keys);
      }

      @Override
      protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
        var fullName = getFullCollectionNamespace(name);
        MVMap<Object, Document> documents = getMvStore().openMap("databases." + fullName);
        MVMap<String, Object> meta = getMvStore().openMap("meta." + fullName);
        return new CountingCollection(this, name, options, documents, meta, cursorRegistry);
      }

      /**
       * A pipeline that begins with a match is given what an index finds, instead of every document. A find is given no more
       * of it than it asks for.
       */
      @Override
      public Document handleCommand(
          Channel channel, String command, Document query, DatabaseResolver databases, Oplog oplog) {
        if (command.equals("find"))
          return super.handleCommand(channel, command, limited(query), databases, oplog);
        Document match = command.equals("aggregate") ? firstMatch(query.get("pipeline")) : null;
        var collection = match == null ? null : resolveCollection(query.get(command).toString(), false);
        if (collection == null) return super.handleCommand(channel, command, query, databases, oplog);
        var pipeline = Aggregation.fromPipeline(query.get("pipeline"), databases, this, collection, oplog);
        var found = pipeline.runStagesAsStream(matching(collection, match));
        var cursor = new Document("id", 0L).append("ns", collection.getFullName());
        cursor.append("firstBatch", found.collect(Collectors.toList()));
        return new Document("cursor", cursor).append("ok", 1.0);
      }

      /** What an index finds for each of several alternatives, each document once; or for the whole match. */
      private static Stream<Document> matching(MongoCollection<?> collection, Document match) {
        if (match.size() != 1 || !(match.get("$or") instanceof Collection<?> alternatives))
          return collection.handleQueryAsStream(match);
        Set<Object> seen = new HashSet<>();
        return alternatives.stream()
            .flatMap(each -> collection.handleQueryAsStream((Document) each))
            .filter(document -> seen.add(document.get("_id")));
      }

      /**
       * The same query, which names the documents that it is about, when an index has them in the order that is asked for:
       * then as many are looked at as the limit says, and not all that match.
       */
      private Document limited(Document query) {
        if (!(query.get("filter") instanceof Document filter) || filter.size() != 1) return query;
        if (!(query.get("limit") instanceof Number limit) || limit.intValue() <= 0) return query;
        Document sort = query.get("sort") instanceof Document asked ? asked : new Document();
        int skip = query.get("skip") instanceof Number skipped ? skipped.intValue() : 0;
        String field = filter.keySet().iterator().next();
        var collection = resolveCollection(query.get("find").toString(), false);
        if (collection == null) return query;
        for (var index : collection.getIndexes()) {
          if (!(index instanceof SecondaryIndex secondary)) continue;
          var ids = secondary.first(field, filter.get(field), sort, skip, Math.abs(limit.intValue()));
          if (ids == null) continue;
          var named = query.clone();
          named.remove("skip");
          named.put("filter", new Document("_id", new Document("$in", ids)).append(field, filter.get(field)));
          return named;
        }
        return query;
      }

      private static Document firstMatch(Object pipeline) {
        List<?> stages = (List<?>) pipeline;
        if (stages.isEmpty()) return null;
        return ((Document) stages.get(0)).get("$match") instanceof Document match ? match : null;
      }
    }
  }

  /** Counts the documents that queries look at, in all databases together. */
  private static final class CountingCollection extends H2Collection {
    static final AtomicLong SCANNED = new AtomicLong();

    CountingCollection(
        MongoDatabase database,
        String name,
        CollectionOptions options,
        MVMap<Object, Document> documents,
        MVMap<String, Object> meta,
        CursorRegistry cursors) {
      super(database, name, options, documents, meta, cursors);
    }

    @Override
    protected boolean documentMatchesQuery(Document document, Document query) {
      SCANNED.incrementAndGet();
      return super.documentMatchesQuery(document, query);
    }
  }

  /**
   * Where documents are by the values of some fields, in order. It answers for the first field alone, with more than are
   * asked for: the server compares each of them with the whole query.
   */
  private static final class Places {
    private static final Comparator<Object> VALUES = ValueComparator.ascWithoutListHandling();

    private final TreeMap<KeyValue, Object> places = new TreeMap<>(Places::compare);

    /** Some document has several values: then it is not the same one that is above one bound and below the other. */
    private boolean several;

    /** Follows every value. */
    private static final Object END = new Object();

    private static int compare(KeyValue a, KeyValue b) {
      for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
        if (a.get(i) == END || b.get(i) == END) return a.get(i) == b.get(i) ? 0 : a.get(i) == END ? 1 : -1;
        int order = VALUES.compare(a.get(i), b.get(i));
        if (order != 0) return order;
      }
      return Integer.compare(a.size(), b.size());
    }

    boolean add(KeyValue key, Object place) {
      return places.putIfAbsent(key, place) == null;
    }

    void addAll(Set<KeyValue> keys, Object place) {
      several |= keys.size() > 1;
      keys.forEach(key -> add(key, place));
    }

    Object remove(KeyValue key) {
      return places.remove(key);
    }

    Object at(KeyValue key) {
      return places.get(key);
    }

    Map<KeyValue, Object> all() {
      return places;
    }

    /** Whether what is asked of the first field is a value, a few, or those above or below one. */
    static boolean narrows(Object asked) {
      if (!(asked instanceof Document)) return isValue(asked);
      Document operators = (Document) asked;
      if (operators.get("$in") instanceof Collection)
        return ((Collection<?>) operators.get("$in")).stream().allMatch(Places::isValue);
      return operators.keySet().stream()
          .anyMatch(operator -> isBound(operator) && isValue(operators.get(operator)));
    }

    List<Object> of(Object asked) {
      Set<Object> found = new LinkedHashSet<>();
      if (!(asked instanceof Document)) {
        collect(asked, asked, found);
      } else if (((Document) asked).get("$in") instanceof Collection) {
        for (Object each : (Collection<?>) ((Document) asked).get("$in")) collect(each, each, found);
      } else {
        Document operators = (Document) asked;
        Object from = either(operators, "$gt", "$gte");
        collect(from, several && from != null ? null : either(operators, "$lt", "$lte"), found);
      }
      return new ArrayList<>(found);
    }

    /** Both bounds inclusive; {@code null} is none. */
    private void collect(Object from, Object to, Set<Object> found) {
      KeyValue first = from == null ? null : new KeyValue(from).normalized();
      Object last = to == null ? null : new KeyValue(to).normalized().get(0);
      for (var entry : (first == null ? places : places.tailMap(first)).entrySet()) {
        if (last != null && VALUES.compare(entry.getKey().get(0), last) > 0) break;
        found.add(entry.getValue());
      }
    }

    /**
     * The ids of the documents that have this value, or at least this value, as the last of their keys: in the order of
     * the other fields, without the first `skip`, at most `limit`.
     */
    List<Object> ids(Object asked, boolean only, boolean ascending, int skip, int limit) {
      Object bound = new KeyValue(asked).normalized().get(0);
      Set<Object> ids = new LinkedHashSet<>();
      for (KeyValue key : ascending ? places.tailMap(new KeyValue(bound)).keySet() : downFrom(bound)) {
        int order = VALUES.compare(key.get(0), bound);
        if (only && order != 0) break;
        if (skip-- > 0) continue;
        ids.add(key.get(key.size() - 1));
        if (ids.size() == limit) break;
      }
      return new ArrayList<>(ids);
    }

    /** Those with this first value, the last one first, and what comes before them. */
    private Set<KeyValue> downFrom(Object bound) {
      return places.headMap(new KeyValue(bound, END), false).descendingMap().keySet();
    }

    private static Object either(Document operators, String a, String b) {
      return operators.containsKey(a) ? operators.get(a) : operators.get(b);
    }

    private static boolean isBound(String operator) {
      return List.of("$gt", "$gte", "$lt", "$lte").contains(operator);
    }

    /** No document, list or pattern, and nothing that a missing field is equal to. */
    private static boolean isValue(Object asked) {
      return asked instanceof String || asked instanceof Number || asked instanceof Boolean;
    }
  }

  private static final class UniqueIndex extends AbstractUniqueIndex<Object> {
    private final Places places = new Places();

    UniqueIndex(String name, List<IndexKey> keys, boolean sparse) {
      super(name, keys, sparse);
    }

    @Override
    public synchronized boolean canHandle(Document query) {
      return super.canHandle(query) || Places.narrows(query.get(keys().get(0)));
    }

    @Override
    public synchronized Iterable<Object> getPositions(Document query) {
      return super.canHandle(query) ? super.getPositions(query) : places.of(query.get(keys().get(0)));
    }

    @Override
    protected Object removeDocument(KeyValue key) {
      return places.remove(key);
    }

    @Override
    protected boolean putKeyPosition(KeyValue key, Object place) {
      return places.add(key, place);
    }

    @Override
    protected Iterable<Map.Entry<KeyValue, Object>> getIterable() {
      return places.all().entrySet();
    }

    @Override
    protected Object getPosition(KeyValue key) {
      return places.at(key);
    }

    @Override
    public long getCount() {
      return places.all().size();
    }

    @Override
    public long getDataSize() {
      return 0;
    }
  }

  /** Its keys end with the document's {@code _id}, so that each is one document's. */
  private static final class SecondaryIndex extends Index<Object> {
    private final Places places = new Places();

    SecondaryIndex(String name, List<IndexKey> keys) {
      // As if sparse: a document without a key, whose list of values is empty, is in order.
      super(name, keys, true);
    }

    @Override
    public synchronized boolean canHandle(Document query) {
      return Places.narrows(query.get(keys().get(0)));
    }

    @Override
    public synchronized Iterable<Object> getPositions(Document query) {
      return places.of(query.get(keys().get(0)));
    }

    /**
     * The ids of the first documents that have this value of the first field, in an order by the second; or, without an
     * order, of some that have at least this value. {@code null}: this index cannot tell.
     */
    synchronized List<Object> first(String field, Object asked, Document sort, int skip, int limit) {
      if (!keys().get(0).equals(field) || sort.size() > 1) return null;
      if (sort.isEmpty()) {
        if (!(asked instanceof Document bound) || bound.size() != 1 || skip > 0) return null;
        return Places.isValue(bound.get("$gte")) ? places.ids(bound.get("$gte"), false, true, 0, limit) : null;
      }
      String second = sort.keySet().iterator().next();
      if (!Places.isValue(asked) || keys().size() < 2 || !keys().get(1).equals(second)) return null;
      return places.ids(asked, true, ((Number) sort.get(second)).intValue() > 0, skip, limit);
    }

    @Override
    public synchronized Object getPosition(Document document) {
      return keysOf(document).stream().map(places::at).filter(Objects::nonNull).findFirst().orElse(null);
    }

    @Override
    public void checkAdd(Document document, MongoCollection<Object> collection) {}

    @Override
    public synchronized void add(Document document, Object place, MongoCollection<Object> collection) {
      places.addAll(keysOf(document), place);
    }

    @Override
    public synchronized Object remove(Document document) {
      return keysOf(document).stream()
          .map(places::remove)
          .filter(Objects::nonNull)
          .reduce(null, (any, place) -> place);
    }

    @Override
    public void checkUpdate(Document before, Document after, MongoCollection<Object> collection) {}

    @Override
    public synchronized void updateInPlace(
        Document before, Document after, Object place, MongoCollection<Object> collection) {
      if (nullAwareEqualsKeys(before, after)) return;
      remove(before);
      add(after, place, collection);
    }

    @Override
    public long getCount() {
      return places.all().size();
    }

    @Override
    public long getDataSize() {
      return 0;
    }

    @Override
    public void drop() {}

    private Set<KeyValue> keysOf(Document document) {
      Set<KeyValue> keys = new LinkedHashSet<>();
      for (KeyValue values : getKeyValues(document)) {
        List<Object> key = values.stream().collect(Collectors.toCollection(ArrayList::new));
        key.add(document.get("_id"));
        keys.add(new KeyValue(key));
      }
      return keys;
    }
  }
}
