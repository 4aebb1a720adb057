/*
 * Sends line protocol in datagrams at a steady rate and prints how many it sent.
 *   cc -O2 -o /tmp/udp-flood bench/ingest/udp-flood.c
 *   bin/nairobi ingest udp://127.0.0.1:19999 --input-format influx -o /tmp/udp/ --flush 2s --report &
 *   /tmp/udp-flood 19999 200000 10; sleep 20; kill %1
 * The rows that ingest reports are to be as many, and no note of dropped datagrams.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define B 64
int main(int c,char**v){int port=atoi(v[1]);long rate=atol(v[2]);double secs=atof(v[3]);int s=socket(AF_INET,SOCK_DGRAM,0);struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(port)};inet_pton(AF_INET,"127.0.0.1",&a.sin_addr);connect(s,(void*)&a,sizeof a);
static char buf[B][256];struct mmsghdr m[B];struct iovec io[B];memset(m,0,sizeof m);struct timespec t0,t;clock_gettime(CLOCK_MONOTONIC,&t0);long n=0;for(;;){clock_gettime(CLOCK_MONOTONIC,&t);double e=(t.tv_sec-t0.tv_sec)+(t.tv_nsec-t0.tv_nsec)/1e9;if(e>=secs)break;long due=(long)(e*rate);if(n>=due){struct timespec w={0,50000};nanosleep(&w,0);continue;}int k=due-n>B?B:due-n;for(int i=0;i<k;i++){int l=snprintf(buf[i],256,"m,host=h%ld id=%ldi,value=%ld.5\n",(n+i)%10,n+i,(n+i)%100);io[i].iov_base=buf[i];io[i].iov_len=l;m[i].msg_hdr.msg_iov=&io[i];m[i].msg_hdr.msg_iovlen=1;}int r=sendmmsg(s,m,k,0);if(r>0)n+=r;}
printf("%ld\n",n);}
