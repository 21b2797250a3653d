// Calls the embedded server with the vendor's Node SDK, unchanged, and prints what came back as JSON.
const fs = require('fs');
const { sdk, server, bucket, region, secretId, secretKey, folder, clock } = JSON.parse(process.argv[2]);
const now = Date.now;
Date.now = () => now() + clock * 1000;
const COS = require(sdk);

const cos = new COS({ SecretId: secretId, SecretKey: secretKey, Protocol: 'http:', Proxy: server, UploadCheckContentMd5: true });
const at = { Bucket: bucket, Region: region };
const photo = `${folder}/photo.jpg`;
const bytes = fs.readFileSync(photo);

async function content(key, more = {}) {
  const got = await cos.getObject({ ...at, Key: key, ...more });
  return { same: Buffer.compare(got.Body, bytes) === 0, headers: got.headers };
}

async function code(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { status: error.statusCode, code: error.code, message: error.message };
  }
}

const steps = {
  async clock() {
    await cos.putObject({ ...at, Key: 'clock.jpg', Body: 'x' });
    return { offset: cos.options.SystemClockOffset };
  },
  async uploads() {
    const key = '身份证/正面 1+%.jpg';
    const headers = { ContentType: 'image/heic', CacheControl: 'max-age=60', 'x-cos-meta-batch': '7' };
    const ways = {
      putObject: (Key) => cos.putObject({ ...at, Key, Body: bytes, ...headers }),
      putStream: (Key) => cos.putObject({ ...at, Key, Body: fs.createReadStream(photo), ContentLength: bytes.length, ...headers }),
      sliceUploadFile: (Key) => cos.sliceUploadFile({ ...at, Key, FilePath: photo, SliceSize: 1 << 20, ChunkSize: 1 << 20, ...headers }),
      uploadFile: (Key) => cos.uploadFile({ ...at, Key, FilePath: photo, SliceSize: 1 << 20, ...headers }),
      uploadFiles: (Key) => cos.uploadFiles({ files: [{ ...at, Key, FilePath: photo, ...headers }], SliceSize: 1 << 20 }),
    };
    const found = {};
    for (const [name, way] of Object.entries(ways)) {
      await way(`${name}/${key}`);
      const { same, headers: back } = await content(`${name}/${key}`);
      const head = await cos.headObject({ ...at, Key: `${name}/${key}` });
      found[name] = [same, back['content-type'], back['cache-control'], back['x-cos-meta-batch'], head.ETag === back.etag];
    }
    return found;
  },
  async resume() {
    const target = { ...at, Key: 'resumed.jpg' };
    const { UploadId } = await cos.multipartInit(target);
    await cos.multipartUpload({ ...target, UploadId, PartNumber: 1, Body: bytes.slice(0, 1 << 20) });
    const listed = await cos.multipartList({ ...at, Prefix: 'resumed' });
    const parts = await cos.multipartListPart({ ...target, UploadId });
    await cos.multipartAbort({ ...target, UploadId });
    const gone = await code(cos.multipartListPart({ ...target, UploadId }));
    return { uploads: listed.Upload.map((it) => it.UploadId === UploadId), parts: parts.Part.length, gone };
  },
  async copies() {
    await cos.putObject({ ...at, Key: 'a b+.jpg', Body: bytes, ContentType: 'image/heic' });
    const CopySource = `${bucket}.cos.${region}.myqcloud.com/${encodeURIComponent('a b+.jpg')}`;
    await cos.putObjectCopy({ ...at, Key: 'copy.jpg', CopySource });
    await cos.sliceCopyFile({ ...at, Key: 'slices.jpg', CopySource, CopySliceSize: 1 << 20, CopyChunkSize: 1 << 20 });
    const copy = await content('copy.jpg');
    return { copy: [copy.same, copy.headers['content-type']], slices: (await content('slices.jpg')).same };
  },
  async listing() {
    const Objects = ['x/1.jpg', 'x/样 2.jpg', 'x/y/3.jpg'].map((Key) => ({ Key }));
    for (const { Key } of Objects) await cos.putObject({ ...at, Key, Body: 'x' });
    const listed = await cos.getBucket({ ...at, Prefix: 'x/', Delimiter: '/' });
    const deleted = await cos.deleteMultipleObject({ ...at, Objects });
    const after = await cos.getBucket({ ...at, Prefix: 'x/' });
    return {
      keys: listed.Contents.map((it) => it.Key),
      prefixes: listed.CommonPrefixes.map((it) => it.Prefix),
      deleted: deleted.Deleted.length,
      left: after.Contents.length,
      location: (await cos.getBucketLocation(at)).LocationConstraint,
    };
  },
  async signed() {
    const Query = { 'response-content-type': 'text/plain' };
    await cos.putObject({ ...at, Key: 'signed.jpg', Body: 'hello' });
    const url = (more) => new Promise((resolve) => cos.getObjectUrl({ ...at, Key: 'signed.jpg', Sign: true, ...more }, (_, data) => resolve(data.Url)));
    return { url: await url({ Query }), expired: await url({ Query, Expires: -60 }) };
  },
  async job() {
    const Body = `<Request><Tag>ImageLicenseRec</Tag><Input><Object>photo.png</Object></Input><Operation><UserData>样</UserData><ImageLicenseRec><CardType>IDCard</CardType></ImageLicenseRec></Operation></Request>`;
    const Url = `http://${bucket}.ci.${region}.myqcloud.com/jobs`;
    const call = (body) => cos.request({ ...at, Method: 'POST', Url, Key: 'jobs', Body: body, ContentType: 'application/xml' });
    const made = await call(Body.replace('样', 'mine'));
    const id = made.Response.JobsDetail.JobId;
    let job;
    do {
      job = (await cos.request({ ...at, Method: 'GET', Url: `${Url}/${id}`, Key: `jobs/${id}` })).Response.JobsDetail;
    } while (['Submitted', 'Running'].includes(job.State));
    return { state: job.State, fields: job.Operation.ImageLicenseRecResult.IdInfo.length, refused: await code(call(Body)) };
  },
};

(async () => {
  const results = {};
  for (const [name, step] of Object.entries(steps)) results[name] = await step();
  console.log(JSON.stringify(results));
})().catch((error) => {
  console.error(error && error.stack ? error.stack : JSON.stringify(error), JSON.stringify(error));
  process.exit(1);
});
