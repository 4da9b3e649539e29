import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/**
 * HDFS and YARN on this machine, all in this JVM: a name node with a data node, and a resource
 * manager with two node managers, which start containers as processes of their own and end those that
 * take more memory than they were given.
 *
 * <p>Arguments: a folder for configuration files of clients, which is made; megabytes of memory that
 * each node manager gives away; names of environment variables that containers get from this process.
 * What the nodes keep is below the working directory. Prints the address of HDFS's web service when
 * all is there, and ends when the process that started it does.
 */
public final class HadoopCluster {
  private static final String LOOPBACK = "127.0.0.1:0";
  private static final int NODE_MANAGERS = 2;
  private static final long PATIENCE_MILLIS = 300_000;

  private HadoopCluster() {}

  public static void main(String[] arguments) {
    int status = 0;
    try {
      run(arguments);
    } catch (Throwable failed) {
      failed.printStackTrace();
      status = 1;
    }
    System.exit(status); // what has been started has threads that stay
  }

  private static void run(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    DefaultMetricsSystem.setMiniClusterMode(true); // several daemons in one JVM

    NameNode nameNode = startHdfs();
    MiniYARNCluster yarn = startYarn(Integer.parseInt(arguments[1]), arguments[2]);

    Configuration client = new Configuration(false);
    client.set("fs.defaultFS", "hdfs://127.0.0.1:" + nameNode.getNameNodeAddress().getPort());
    client.set("dfs.replication", "1");
    write(client, folder.resolve("core-site.xml"));
    Configuration resources = new Configuration(false);
    String[] services = {YarnConfiguration.RM_ADDRESS, YarnConfiguration.RM_SCHEDULER_ADDRESS};
    for (String key : services) {
      resources.set(key, yarn.getConfig().get(key));
    }
    write(resources, folder.resolve("yarn-site.xml"));

    System.out.println("ready: " + nameNode.getHttpAddress().getPort());
    ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().join());
  }

  private static NameNode startHdfs() throws IOException {
    Configuration conf = new Configuration();
    conf.set("fs.defaultFS", "hdfs://" + LOOPBACK);
    conf.set("dfs.namenode.http-address", LOOPBACK);
    conf.set("dfs.namenode.name.dir", Path.of("name").toUri().toString());
    conf.set("dfs.datanode.data.dir", Path.of("data").toUri().toString());
    for (String service : new String[] {"address", "http.address", "ipc.address"}) {
      conf.set("dfs.datanode." + service, LOOPBACK);
    }
    conf.set("dfs.replication", "1");
    NameNode.format(conf);
    NameNode nameNode = NameNode.createNameNode(new String[0], conf);
    conf.set("fs.defaultFS", "hdfs://127.0.0.1:" + nameNode.getNameNodeAddress().getPort());
    conf.unset("dfs.namenode.rpc-address");
    DataNode.createDataNode(new String[0], conf);
    return nameNode;
  }

  private static MiniYARNCluster startYarn(int megabytes, String variables) throws Exception {
    YarnConfiguration conf = new YarnConfiguration();
    conf.setInt("yarn.minicluster.yarn.nodemanager.resource.memory-mb", megabytes);
    conf.setInt("yarn.scheduler.maximum-allocation-mb", megabytes);
    conf.setInt("yarn.scheduler.minimum-allocation-mb", 1); // no container is larger than was asked for
    conf.set("yarn.scheduler.capacity.root.queues", "default");
    conf.set("yarn.scheduler.capacity.root.default.capacity", "100");
    conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1");
    // The minicluster leaves containers alone unless it is told not to.
    conf.setBoolean("yarn.minicluster.control-resource-monitoring", true);
    conf.setBoolean("yarn.nodemanager.pmem-check-enabled", true);
    // YARN itself leaves them to control groups, which not every machine has.
    conf.setBoolean("yarn.nodemanager.resource.memory.enforced", false);
    conf.setBoolean("yarn.nodemanager.vmem-check-enabled", false);
    conf.setInt("yarn.nodemanager.container-monitor.interval-ms", 500);
    // A disk that is nearly full would be no reason to run no test.
    conf.set("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "100");
    conf.setInt("yarn.resourcemanager.nodemanagers.heartbeat-interval-ms", 200);
    conf.set("yarn.nodemanager.env-whitelist", variables);
    MiniYARNCluster yarn = new MiniYARNCluster("yarn", 1, NODE_MANAGERS, 1, 1);
    yarn.init(conf);
    yarn.start();
    if (!yarn.waitForNodeManagersToConnect(PATIENCE_MILLIS)) {
      throw new IOException("the node managers have not registered");
    }
    return yarn;
  }

  private static void write(Configuration conf, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      conf.writeXml(out);
    }
  }
}
