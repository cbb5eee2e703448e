// flags: -O1
/* System V semaphores, shared memory and queues; POSIX queues. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void semaphores(void) {
    int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
    unsigned short values[3] = {1, 2, 3}, back[3];
    struct semid_ds ds;
    CHECK(id >= 0 && semctl(id, 0, SETALL, (union semun){.array = values}) == 0);
    CHECK(semctl(id, 0, GETALL, (union semun){.array = back}) == 0 && back[0] == 1 && back[2] == 3);
    time_t now = time(NULL);
    CHECK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}) == 0 && ds.sem_nsems == 3 && ds.sem_otime == 0);
    CHECK(ds.sem_ctime >= now - 5 && ds.sem_ctime <= now + 5 && (ds.sem_perm.mode & 0777) == 0600);
    struct sembuf ops[2] = {{0, -1, 0}, {1, 5, 0}};
    CHECK(semop(id, ops, 2) == 0 && semctl(id, 1, GETVAL) == 7 && semctl(id, 1, GETPID) == getpid());
    struct timespec short_time = {0, 1000000};
    CHECK(FAILS(semtimedop(id, ops, 1, &short_time), EAGAIN));
    ds.sem_perm.mode = 0640;
    CHECK(semctl(id, 0, IPC_SET, (union semun){.buf = &ds}) == 0);
    CHECK(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}) == 0 && (ds.sem_perm.mode & 0777) == 0640 && ds.sem_otime >= now - 5);
    CHECK(semctl(id, 2, SETVAL, (union semun){.val = 42}) == 0 && semctl(id, 2, GETVAL) == 42);
    CHECK(semctl(id, 0, IPC_RMID) == 0 && FAILS(semctl(id, 0, GETVAL), EINVAL));
}

static void memory(void) {
    int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
    struct shmid_ds ds;
    volatile int *at = shmat(id, NULL, 0);
    CHECK(id >= 0 && at != (void *)-1);
    CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 10000 && ds.shm_nattch == 1 && ds.shm_cpid == getpid());
    pid_t pid = fork();
    if (pid == 0) {
        at[100] = 77;
        _exit(shmdt((void *)at));
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && at[100] == 77);
    volatile int *again = shmat(id, NULL, SHM_RDONLY);
    CHECK(again != (void *)-1 && again != at && again[100] == 77);
    CHECK(shmdt((void *)at) == 0 && shmdt((void *)again) == 0 && FAILS(shmdt((void *)at), EINVAL));
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
}

static void queues(void) {
    struct {
        long type;
        char text[16];
    } m = {5, "five"};
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    struct msqid_ds ds;
    CHECK(id >= 0 && msgsnd(id, &m, 5, 0) == 0 && msgctl(id, IPC_STAT, &ds) == 0 && ds.msg_qnum == 1 && ds.msg_lspid == getpid());
    CHECK(FAILS(msgrcv(id, &m, 16, 6, IPC_NOWAIT), ENOMSG));
    m.text[0] = 0;
    CHECK(msgrcv(id, &m, 16, 5, 0) == 5 && strcmp(m.text, "five") == 0 && msgctl(id, IPC_RMID, NULL) == 0);

    char name[32], text[64];
    snprintf(name, sizeof name, "/test-%d", getpid());
    struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 64}, got;
    mqd_t q = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr);
    if (q == -1 && errno == ENOSYS) return;
    unsigned priority;
    CHECK(q != -1 && mq_send(q, "low", 4, 1) == 0 && mq_send(q, "high", 5, 9) == 0);
    CHECK(mq_getattr(q, &got) == 0 && got.mq_curmsgs == 2 && got.mq_msgsize == 64 && got.mq_flags == O_NONBLOCK);
    CHECK(mq_receive(q, text, 64, &priority) == 5 && priority == 9 && strcmp(text, "high") == 0);
    CHECK(mq_receive(q, text, 64, &priority) == 4 && FAILS(mq_receive(q, text, 64, NULL), EAGAIN));
    CHECK(mq_close(q) == 0 && mq_unlink(name) == 0);
}

int main(void) {
    semaphores();
    memory();
    queues();
    return 0;
}
