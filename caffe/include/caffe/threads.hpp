// How many threads a net computes with.
#pragma once

namespace caffe {

// The number that a net was asked for (0..4096, or kInvalidArgument); 0: one per core of the
// machine.
int threads_or_all(int threads);

// Makes OpenMP regions started on this thread use `threads` threads while it lives.
// Every call into a net opens one: the pool belongs to the calling thread, and a Spark
// task thread is a different one each time.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int saved_;
};

}  // namespace caffe
