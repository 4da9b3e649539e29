// How many threads a net computes with.
#pragma once

namespace caffe {

// For nets created from now on; 0: one per core of the machine.
void set_default_threads(int threads);
// The number in force, never 0.
int default_threads();

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
