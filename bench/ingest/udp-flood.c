/*
 * Sends lines of InfluxDB's protocol in datagrams at a steady rate and prints how many were sent;
 * see udp.sh. usage: udp-flood PORT DATAGRAMS_PER_SECOND SECONDS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, LONGEST = 256 };

static double seconds_since(const struct timespec *from) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - from->tv_sec) + (now.tv_nsec - from->tv_nsec) / 1e9;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  const long rate = atol(arguments[2]);
  const double seconds = atof(arguments[3]);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return 1;

  static char lines[BATCH][LONGEST];
  static struct mmsghdr messages[BATCH];
  static struct iovec vectors[BATCH];
  const struct timespec pause = {0, 50000};
  struct timespec start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  long sent = 0;
  for (;;) {
    const double elapsed = seconds_since(&start);
    if (elapsed >= seconds) break;
    const long due = (long)(elapsed * rate) - sent;
    if (due <= 0) {
      nanosleep(&pause, NULL);
      continue;
    }
    const int batch = due > BATCH ? BATCH : (int)due;
    for (int i = 0; i < batch; i++) {
      const long id = sent + i;
      vectors[i].iov_base = lines[i];
      vectors[i].iov_len = snprintf(lines[i], LONGEST, "m,host=h%ld id=%ldi,value=%ld.5\n",
                                    id % 10, id, id % 100);
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int done = sendmmsg(fd, messages, batch, 0);
    if (done > 0) sent += done;
  }
  printf("%ld\n", sent);
  return 0;
}
