// std::condition_variable::wait as the archive of LevelDB calls it (build/cmake/Databases.cmake).
// libstdc++ exports it anew since GCC 12; through this one the library also loads where the
// system has that of GCC 11.
#include <pthread.h>

#include <condition_variable>
#include <mutex>

extern "C" void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(
    std::condition_variable* condition, std::unique_lock<std::mutex>& lock) {
  pthread_cond_wait(condition->native_handle(), lock.mutex()->native_handle());
}
