package sparknet.jna;

import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;

/**
 * A native handle that is freed once: by {@link #close}, or when nothing refers to it any more.
 *
 * <p>An owned handle and those lent by it share one lock. Every call holds it, so that a handle
 * cannot be closed under a running call; it is reentrant, since callbacks may call back.
 */
public final class Handle implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final String what;
  private final Pointer pointer;
  /** Only kept reachable: while a lent handle is in use, its owner must not be collected. */
  private final Handle owner;

  private final Resource resource;
  private final Cleaner.Cleanable cleanable;

  /** Holds no reference to its handle, or the handle would never become unreachable. */
  private static final class Resource implements Runnable {
    final ReentrantLock lock = new ReentrantLock();
    final Pointer pointer;
    final ToIntFunction<Pointer> destroy;
    boolean closed;

    Resource(Pointer pointer, ToIntFunction<Pointer> destroy) {
      this.pointer = pointer;
      this.destroy = destroy;
    }

    @Override
    public void run() {
      lock.lock();
      try {
        closed = true;
        destroy.applyAsInt(pointer);
      } finally {
        lock.unlock();
      }
    }
  }

  private Handle(String what, Pointer pointer, Handle owner, Resource resource, boolean owned) {
    this.what = what;
    this.pointer = pointer;
    this.owner = owner;
    this.resource = resource;
    this.cleanable = owned ? CLEANER.register(this, resource) : null;
  }

  /** A handle that is ours to destroy. */
  public static Handle owned(String what, Pointer pointer, ToIntFunction<Pointer> destroy) {
    return new Handle(what, pointer, null, new Resource(pointer, destroy), true);
  }

  /** A handle that dies with this one, and keeps it from being collected. */
  public Handle lend(String whatLent, Pointer lent) {
    return new Handle(whatLent, lent, this, resource, false);
  }

  /** A handle whose life is watched elsewhere; the engine refuses it when it is dead. */
  public static Handle borrowed(String what, Pointer pointer) {
    return new Handle(what, pointer, null, new Resource(pointer, null), false);
  }

  public Pointer pointer() {
    return pointer;
  }

  /** Runs a native call on the pointer and returns its status. */
  public int call(ToIntFunction<Pointer> nativeCall) {
    resource.lock.lock();
    try {
      if (resource.closed) {
        throw new CaffeException(Status.INVALID_HANDLE, "the " + what + " has been closed");
      }
      return nativeCall.applyAsInt(pointer);
    } finally {
      resource.lock.unlock();
      Reference.reachabilityFence(this);
      Reference.reachabilityFence(owner);
    }
  }

  /** Runs a native call and throws if it fails. */
  public void run(ToIntFunction<Pointer> nativeCall) {
    // The message is read before another call on this thread can replace it.
    call(
        p -> {
          Check.ok(nativeCall.applyAsInt(p));
          return Status.OK.code();
        });
  }

  public boolean isClosed() {
    resource.lock.lock();
    try {
      return resource.closed;
    } finally {
      resource.lock.unlock();
    }
  }

  /** Frees the native object; waits for a running call. Closing again, or a lent one, is no-op. */
  @Override
  public void close() {
    if (cleanable == null) {
      return;
    }
    if (resource.lock.isHeldByCurrentThread()) {
      throw new CaffeException(
          Status.STATE, "the " + what + " cannot be closed by a callback of its own");
    }
    cleanable.clean();
  }
}
